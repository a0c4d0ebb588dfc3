"""An index that lost its collections is filled again: the embeddings are the truth."""

import shutil


def test_what_the_index_lost_is_due_and_comes_back(few, tmp_path):
    home = few.copy(tmp_path / "home")
    held = home.slugs()
    shutil.rmtree(home.settings.index.root)
    due = {(one.asset, one.slug, one.reason) for one in home.status().due}
    assert due == {("qdrant_collections", slug, "the index lost it") for slug in held}
    outcome = home.run()
    assert outcome.failures == []
    computed = {run.asset: run.counts.computed for run in outcome.ran}
    assert computed["qdrant_collections"] > 0
    assert computed.get("embeddings", 0) == 0
    assert home.status().due == []
