"""Where things live."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from qpvkit import settings as module
from qpvkit.errors import UnknownNameError
from qpvkit.settings import DATASETS, Settings, load_settings


def test_the_demo_is_read_from_the_package_and_written_at_home(tmp_path):
    settings = Settings(dataset="demo", home=tmp_path / "maison", share=tmp_path / "partage")
    assert settings.raw_dir == tmp_path / "partage" / "data" / "demo" / "raw"
    assert settings.store_dir == tmp_path / "maison" / "data" / "store" / "demo"
    assert settings.reports_dir == tmp_path / "maison" / "reports" / "demo"


def test_real_files_live_at_home(tmp_path):
    settings = Settings(dataset="france", home=tmp_path / "maison", share=tmp_path / "partage")
    assert settings.raw_dir == tmp_path / "maison" / "data" / "raw"
    assert settings.catalogue_dir == tmp_path / "partage" / "data" / "catalogue"
    assert settings.notebooks_dir == tmp_path / "partage" / "notebooks"


def test_the_two_data_sets_never_share_a_store_nor_reports(tmp_path):
    demo = Settings(home=tmp_path)
    france = demo.with_dataset("france")
    assert demo.dataset == "demo"
    assert france == dataclasses.replace(demo, dataset="france")
    assert demo.store_dir != france.store_dir
    assert demo.reports_dir != france.reports_dir


def test_settings_are_frozen(tmp_path):
    settings = Settings(home=tmp_path)
    with pytest.raises(dataclasses.FrozenInstanceError):
        settings.home = tmp_path / "ailleurs"


@pytest.mark.parametrize("build", [lambda name: Settings(dataset=name), load_settings])
def test_an_unknown_data_set_is_refused_with_those_that_exist(build):
    with pytest.raises(UnknownNameError, match="jeu de données inconnu") as caught:
        build("francia")
    assert caught.value.name == "francia"
    assert all(name in str(caught.value) for name in DATASETS)


def test_the_demo_is_the_default(monkeypatch):
    monkeypatch.delenv("QPVKIT_DATASET", raising=False)
    assert load_settings().dataset == "demo"


def test_the_environment_moves_home_and_changes_the_default(monkeypatch, tmp_path):
    monkeypatch.setenv("QPVKIT_HOME", str(tmp_path / "là bas"))
    monkeypatch.setenv("QPVKIT_DATASET", "france")
    settings = load_settings()
    assert settings.dataset == "france"
    assert settings.home == (tmp_path / "là bas").resolve()
    assert settings.raw_dir.is_relative_to(settings.home)


def test_an_argument_wins_over_the_environment(monkeypatch):
    monkeypatch.setenv("QPVKIT_DATASET", "france")
    assert load_settings("demo").dataset == "demo"


def test_an_unknown_data_set_of_the_environment_is_refused(monkeypatch):
    monkeypatch.setenv("QPVKIT_DATASET", "autre")
    with pytest.raises(UnknownNameError, match="autre"):
        load_settings()


def test_a_checkout_keeps_everything_beside_the_package(monkeypatch, tmp_path):
    (tmp_path / "data" / "catalogue").mkdir(parents=True)
    monkeypatch.setattr(module, "_PACKAGE", tmp_path / "qpvkit")
    assert Settings().share == Settings().home == tmp_path


def test_a_wheel_carries_the_share_inside_and_writes_in_the_users_folder(monkeypatch, tmp_path):
    monkeypatch.setattr(module, "_PACKAGE", tmp_path / "site" / "qpvkit")
    monkeypatch.setenv("HOME", str(tmp_path / "elle"))
    settings = Settings()
    assert settings.share == tmp_path / "site" / "qpvkit" / "_share"
    assert settings.home == Path.home() / "qpvkit"
    assert settings.home.is_relative_to(tmp_path / "elle")
