"""Batch plans: a query over the data, refused in French when it is badly written."""

from __future__ import annotations

import pytest

from qpvkit.errors import CatalogueError, UnknownNameError
from qpvkit.load.store import open_store
from qpvkit.publish.parameters import declared_parameters, find_notebook
from qpvkit.publish.plan import Plan, Query, find_plan, load_plans, plan_tasks, read_plan
from qpvkit.settings import Settings


def test_every_plan_names_a_notebook_that_exists():
    settings = Settings()
    plans = load_plans(settings)
    assert plans
    for plan in plans.values():
        assert find_notebook(plan.notebook, settings=settings).stem == plan.notebook


def tasks(settings, query, **options):
    plan = Plan(name="p", title="t", notebook="05_essai", territories=Query(zoning=2024))
    return plan_tasks(
        plan, settings=settings, store=open_store(settings), narrowed=query, **options
    )


def test_filters_narrow_the_query(place):
    settings = place()
    everything, rows = tasks(settings, None)
    assert [task.code for task in everything] == rows["code"].tolist()
    assert len({task.page for task in everything}) == len(everything) == 13
    narrowed, _ = tasks(settings, Query(epci="200099011"))
    assert 0 < len(narrowed) < 13
    assert tasks(settings, Query(zoning=2015))[0] == []
    assert [t.code for t in tasks(settings, None, only=("QN09902M", "QN09901M"))[0]] == [
        "QN09902M", "QN09901M",
    ]  # fmt: skip


def test_a_notebook_of_no_territory_is_run_once(place):
    settings = place()
    plan = Plan(name="p", title="t", notebook="05_essai", parameters={"compte": 4})
    made, _ = plan_tasks(plan, settings=settings, store=open_store(settings))
    assert [task.page for task in made] == ["05_essai/QN09901M_compte-4.html"]
    assert (
        plan_tasks(
            plan, settings=settings, store=open_store(settings), narrowed=Query(region="99")
        )[0]
        == []
    )


@pytest.mark.parametrize(
    ("text", "wrong"),
    [("notebook = 1", "title"), ("title = 't'\nnotebook = 'n'\nzone = 1", "zone"),
     ("title = 't'\nnotebook = 'n'\n[territories]\nzoning = 2020", "zoning"),
     ("title = ", "TOML illisible")],
)  # fmt: skip
def test_a_plan_that_is_badly_written_says_which_key(tmp_path, text, wrong):
    path = tmp_path / "faux.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(CatalogueError, match=wrong):
        read_plan(path)


def test_a_plan_is_found_by_name_or_by_file(tmp_path):
    settings = Settings()
    assert find_plan("quartiers_2024", settings) == find_plan("quartiers_2024.toml", settings)
    path = tmp_path / "le_mien.toml"
    path.write_text("title = 't'\nnotebook = '10_diagnostic_qp'", encoding="utf-8")
    assert find_plan(str(path), settings).name == "le_mien"
    with pytest.raises(UnknownNameError, match="quartiers_2024"):
        find_plan("quartier_2024", settings)


@pytest.mark.parametrize(
    "path", sorted(Settings().notebooks_dir.glob("*.ipynb")), ids=lambda p: p.stem
)
def test_parameters_are_read_as_papermill_reads_them(path):
    import papermill

    theirs = papermill.inspect_notebook(str(path))
    ours = declared_parameters(path)
    assert list(ours) == list(theirs)
    for name, found in theirs.items():
        for key in ("inferred_type_name", "default"):
            assert ours[name][key] == found[key]
