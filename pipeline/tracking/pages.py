"""Searching runs, page by page."""

from collections.abc import Iterator

from mlflow.entities import Run

from pipeline.tracking.store import Store


def runs_where(store: Store, condition: str) -> Iterator[Run]:
    """Yields the experiment's runs that meet `condition` (MLflow's filter syntax), oldest first."""
    token = None
    while True:
        page = store.client.search_runs(
            [store.experiment_id], condition, order_by=["attributes.start_time ASC"], page_token=token
        )
        yield from page
        token = page.token
        if not token:
            return
