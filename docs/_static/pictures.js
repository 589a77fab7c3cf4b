// A picture of a page links to itself, so that it can be enlarged on a phone.
document.addEventListener("DOMContentLoaded", () => {
  for (const picture of document.querySelectorAll(".bd-article img:not(a img, .sphx-glr-thumbcontainer img)")) {
    const link = document.createElement("a");
    link.href = picture.src;
    picture.replaceWith(link);
    link.append(picture);
  }
});
