"""Searches of the tracking store, page by page."""

from collections.abc import Callable, Iterator
from typing import TypeVar

from mlflow.entities import Run
from mlflow.store.entities import PagedList

from pipeline.tracking.store import Store

Found = TypeVar("Found")


def runs_where(store: Store, condition: str) -> Iterator[Run]:
    """Yields the experiment's runs that meet `condition` (MLflow's filter syntax), oldest first."""
    places, order = [store.experiment_id], ["attributes.start_time ASC"]
    return read_pages(lambda token: store.client.search_runs(places, condition, order_by=order, page_token=token))


def read_pages(search: Callable[[str | None], PagedList[Found]]) -> Iterator[Found]:
    """Yields what a search finds on each of its pages; `search` is called with a page's token, None for the first."""
    token = None
    while True:
        page = search(token)
        yield from page
        token = page.token
        if not token:
            return
