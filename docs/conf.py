"""How the site is built, by `make docs`: without the network, warnings as errors."""

import inspect
import os
import re

from sphinx_gallery.sorting import ExplicitOrder

import sgnn

project = "sgnn"
author = "The sgnn developers"
project_copyright = author
release = version = sgnn.__version__

extensions = [
    "myst_parser",
    "numpydoc",
    "sphinx.ext.autodoc",
    "sphinx.ext.autosummary",
    "sphinx.ext.mathjax",
    "sphinx_copybutton",
    "sphinx_design",
    "sphinx_gallery.gen_gallery",
]
exclude_patterns = ["_build"]
templates_path = ["_templates"]
default_role = "literal"

# pages ---------------------------------------------------------------------------------------

myst_enable_extensions = ["colon_fence", "dollarmath"]
myst_heading_anchors = 3
mathjax_path = "tex-svg.js"  # one file of the npm package, copied by make
copybutton_prompt_text = r">>> |\.\.\. |\$ "
copybutton_prompt_is_regexp = True

# reference -----------------------------------------------------------------------------------

autosummary_generate = True
toc_object_entries_show_parents = "hide"
autodoc_typehints = "none"  # numpydoc's sections have the types
numpydoc_show_class_members = False  # the template of a class shows them
nitpicky = True
# what docstrings that are inherited from scikit-learn refer to
nitpick_ignore_regex = [
    ("py:.*", r"(sklearn|polars|torch)\..*|Module"),
    ("(std:)?ref", "(metadata_routing|df_output_transform|accuracy_score|r2_score)"),
    ("(std:)?term", "meta-estimator"),
]
if os.environ.get("DOCS_ONLINE"):
    extensions.append("sphinx.ext.intersphinx")
    intersphinx_mapping = {
        "python": ("https://docs.python.org/3", None),
        "numpy": ("https://numpy.org/doc/stable", None),
        "sklearn": ("https://scikit-learn.org/stable", None),
        "torch": ("https://docs.pytorch.org/docs/stable", None),
        "skorch": ("https://skorch.readthedocs.io/en/stable", None),
    }


def leave_formulas(app, what, name, obj, options, lines):
    """Bars and stars in docstrings of this package are those of formulas, not markup."""
    if str(getattr(obj, "__module__", None)).startswith("sgnn"):
        lines[:] = [
            line if line.lstrip().startswith((">>>", "...")) else re.sub(r"[|*]", r"\\\g<0>", line)
            for line in lines
        ]


def show_arguments(app, what, name, obj, options, signature, returned):
    """Of a class its constructor's arguments, also where `__new__` looks at them first."""
    if what == "class" and obj.__module__.startswith("sgnn"):
        found = inspect.signature(obj)
        bare = [p.replace(annotation=p.empty) for p in found.parameters.values()]
        signature = str(found.replace(parameters=bare, return_annotation=found.empty))
    return signature, returned


def drop_foreign_examples(app, what, name, obj, options, lines):
    """References of inherited docstrings to scikit-learn's gallery lead nowhere here."""
    lines[:] = [line for line in lines if "sphx_glr_auto_examples" not in line]


def setup(app):
    app.connect("autodoc-process-docstring", leave_formulas, priority=400)  # before numpydoc
    app.connect("autodoc-process-docstring", drop_foreign_examples, priority=400)
    app.connect("autodoc-process-signature", show_arguments)


# gallery -------------------------------------------------------------------------------------

GALLERY = "../examples/gallery"
sphinx_gallery_conf = {
    "examples_dirs": GALLERY,
    "gallery_dirs": "gallery",
    "subsection_order": ExplicitOrder(
        [f"{GALLERY}/{part}" for part in ("tables", "images", "displays", "deploying")]
    ),
    "within_subsection_order": "FileNameSortKey",
    "doc_module": ("sgnn",),
    "backreferences_dir": "api/backreferences",
    "reference_url": {"sgnn": None},
    "download_all_examples": False,
    "show_memory": False,
    "show_signature": False,
    "write_computation_times": False,  # their page loads scripts from other hosts
    "capture_repr": ("_repr_html_",),
}

# look ----------------------------------------------------------------------------------------

html_theme = "pydata_sphinx_theme"
html_title = "sgnn"
html_favicon = "_static/icon.svg"
html_context = {"default_mode": "auto"}
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_js_files = ["pictures.js"]
html_show_sourcelink = False
html_theme_options = {
    "logo": {
        "text": "sgnn",
        "image_light": "_static/icon.svg",
        "image_dark": "_static/icon.svg",
        "alt_text": "sgnn, to the landing page",
    },
    "navbar_end": ["theme-switcher"],
    "header_links_before_dropdown": 6,
    "secondary_sidebar_items": ["page-toc"],
    "footer_start": ["copyright"],
    "footer_end": ["version"],
}
html_sidebars = {"index": [], "install": [], "choose": []}  # pages without pages below them
