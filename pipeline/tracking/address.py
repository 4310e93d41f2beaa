"""Addresses of runs and of tracking stores: which store is the project's own, how it is printed, what it lacks."""

import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

# Where the package to install has another name than the module.
_PACKAGES = {
    "MySQLdb": "mysqlclient",
    "azure": "azure-storage-blob azure-identity",
    "azure.storage.filedatalake": "azure-storage-file-datalake azure-identity",
    "google": "google-cloud-storage",
    "google.cloud": "google-cloud-storage",
    "psycopg": "'psycopg[binary]'",
    "psycopg2": "psycopg2-binary",
}


MODELS = "models:/"
# Where `make ui` and plain `mlflow ui` serve.
_PAGES = "http://127.0.0.1:5000"


def names_run(text: str) -> bool:
    """Whether a text is a run's id in MLflow or a registered model's address, such as `models:/NAME@ALIAS`."""
    return bool(re.fullmatch("[0-9a-f]{32}", text)) or text.startswith(MODELS)


def names_file(uri: str, file: Path) -> bool:
    """Whether a tracking URI is that of the SQLite store in `file`, however it is spelt."""
    scheme, _, path = uri.partition(":///")
    if scheme.lower().partition("+")[0] != "sqlite":
        return False
    named = Path(unquote(path.partition("?")[0]).removeprefix("file:"))
    return named.resolve() == file.resolve() or (named.exists() and file.exists() and named.samefile(file))


def lacks_scheme(uri: str) -> bool:
    """Whether a tracking URI is a server's without `http://`, as in `127.0.0.1:5000`."""
    return bool(re.fullmatch(r"[\w.-]+:\d+(/.*)?", uri))


def is_server(uri: str) -> bool:
    """Whether a store is reached over HTTP, where it may be away."""
    return urlsplit(uri).scheme in ("http", "https")


def without_password(text: str) -> str:
    """Returns a text with `***` for the password of each address in it: before the host, a token there, or behind."""
    text = re.sub(r"(://[^\s:/@]*:)\S+@", r"\1***@", text)
    text = re.sub(r"(https?://)[^\s:/@]+@", r"\1***@", text)
    return re.sub(r"(passw(?:or)?d=)[^\s&]+", r"\1***", text, flags=re.IGNORECASE)


def explain_missing(error: ImportError) -> str:
    """Returns what a store needs that could not be imported, and the command that installs it."""
    module = error.name or str(error)
    package = _PACKAGES.get(module) or _PACKAGES.get(module.partition(".")[0]) or module
    return f"needs the module `{module}`: install it with `pip install {package}`"


def link_to(uri: str, experiment_id: str, run_id: str = "") -> str:
    """Returns the address of an experiment's page in the browser, or of one of its runs.

    `uri` is the tracking store's. Of one that is no server it is the page that `make ui` serves. Without the last word
    MLflow opens its pages for language models.
    """
    found = urlsplit(uri)
    own = f"{found.scheme}://{found.netloc.rpartition('@')[2]}{found.path.rstrip('/')}"
    run = f"/runs/{run_id}" if run_id else ""
    return f"{own if is_server(uri) else _PAGES}/#/experiments/{experiment_id}{run}?workflowType=machine_learning"


def page_of(uri: str, experiment_id: str, run_id: str = "") -> str:
    """Returns the address of a page, see `link_to`, and behind it when it is served, unless it always is."""
    return link_to(uri, experiment_id, run_id) + ("" if is_server(uri) else " (while `make ui` runs)")
