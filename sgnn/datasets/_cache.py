"""Files of data sets: cache, download, and reading of archives.

Files are named by their path in a data folder, such as "mnist/train-images-idx3-ubyte.gz".
"""

from __future__ import annotations

import hashlib
import os
import zlib
from collections.abc import Iterable, Mapping
from importlib.util import find_spec
from pathlib import Path, PurePosixPath
from types import ModuleType
from typing import IO
from zipfile import BadZipFile, ZipFile

import numpy as np
from numpy.typing import NDArray

LIMIT = 2**29  # largest unpacked size of an archive, in bytes

DataHome = str | os.PathLike[str] | None


def cache_home(data_home: DataHome) -> Path:
    """Return the folder of downloads: `data_home`, or else the user's cache."""
    if data_home is not None:
        return Path(data_home).expanduser()
    return Path(_import_pooch().os_cache("sgnn"))


def find_file(name: str, data_home: DataHome) -> Path | None:
    """Return the path in $SGNN_DATA or else in the cache, None if it is in neither."""
    environment = os.environ.get("SGNN_DATA")
    if environment and (path := Path(environment).expanduser() / name).is_file():
        return path
    path = cache_home(data_home) / name
    return path if path.is_file() else None


def download(
    name: str,
    url: str,
    *,
    sha256: str | None,
    data_home: DataHome,
    download_if_missing: bool,
) -> Path:
    """Return the path in $SGNN_DATA or the cache; if in neither, download to the cache.

    The SHA-256 is always checked; with None the caller has to check the content.
    """
    path = find_file(name, data_home)
    if path is None and not download_if_missing:
        raise FileNotFoundError(
            f"{name} lies neither in $SGNN_DATA nor in {cache_home(data_home)} and "
            "download_if_missing=False forbids to fetch it; set SGNN_DATA or data_home to a "
            "folder that holds it, or allow the download."
        )
    if path is None:
        return _download(name, url, sha256, cache_home(data_home))
    if sha256 is not None and hashlib.sha256(path.read_bytes()).hexdigest() != sha256:
        raise corrupt_file(path)
    return path


def corrupt_file(path: Path) -> ValueError:
    """Return the error for a file whose content is not the published one."""
    return ValueError(
        f"{path} is damaged or is not the published file; delete it and call again to download it."
    )


def read_member(path: Path, name: str) -> bytes:
    """Return the content of the file called `name`, in whatever folder of a zip archive."""
    try:
        with ZipFile(path) as archive:
            members = {PurePosixPath(member).name: member for member in archive.namelist()}
            with archive.open(members[name]) as stream:
                return read_limited(stream, path)
    except (OSError, EOFError, KeyError, NotImplementedError, BadZipFile, zlib.error) as error:
        raise corrupt_file(path) from error


def read_limited(stream: IO[bytes], path: Path) -> bytes:
    """Return the content of a stream of the archive; raise if it is larger than LIMIT."""
    content = stream.read(LIMIT + 1)
    if len(content) > LIMIT:
        raise corrupt_file(path)
    return content


def read_npz(path: Path, names: Iterable[str]) -> dict[str, NDArray]:
    """Return the named arrays of an npz file."""
    try:
        # opened here, as np.load leaves an invalid file open
        with ZipFile(path) as archive:
            if sum(member.file_size for member in archive.infolist()) > LIMIT:
                raise corrupt_file(path)
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            return {name: archive[name] for name in names}
    except (OSError, EOFError, KeyError, ValueError, BadZipFile, zlib.error) as error:
        raise corrupt_file(path) from error


def write_npz(path: Path, arrays: Mapping[str, NDArray]) -> None:
    """Write the arrays atomically."""
    path.parent.mkdir(parents=True, exist_ok=True)
    # Renamed when complete, so that an interrupted call leaves no partial file.
    partial = path.with_suffix(f".{os.getpid()}.npz")
    # The stubs take the arrays' names for allow_pickle.
    np.savez_compressed(partial, **arrays)  # type: ignore[arg-type]
    partial.replace(path)


def _download(name: str, url: str, sha256: str | None, home: Path) -> Path:
    pooch = _import_pooch()
    path = home / name
    path.parent.mkdir(parents=True, exist_ok=True)
    remedy = f"set SGNN_DATA or data_home to a folder that holds {name}"
    try:
        # pooch writes to a temporary file and renames it once the hash is right.
        pooch.retrieve(
            url,
            known_hash=sha256 and f"sha256:{sha256}",
            fname=path.name,
            path=path.parent,
            progressbar=find_spec("tqdm") is not None,
        )
    except OSError:
        raise ConnectionError(
            f"{name} could not be downloaded from {url}; go online, or {remedy}."
        ) from None
    except ValueError as error:
        raise ValueError(
            f"{url} gave another file than the published {name}; try again, or {remedy}."
        ) from error
    return path


def _import_pooch() -> ModuleType:
    try:
        import pooch
    except ImportError as error:
        raise ImportError(
            'Downloading data needs pooch; install it with pip install "sgnn[datasets]", or set '
            "SGNN_DATA or data_home to a folder with the files."
        ) from error
    return pooch
