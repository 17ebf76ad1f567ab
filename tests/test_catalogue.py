"""The catalogue is strict: what is wrong names its file and its id."""

from __future__ import annotations

import pydantic
import pytest
from builders import (
    DROIT_COMMUN,
    INDICATORS,
    SOURCES,
    STAKES,
    THEMES,
    WORDS,
    indicator,
    small_catalogue,
    write_catalogue,
)

from qpvkit.catalogue import load_catalogue
from qpvkit.errors import CatalogueError, UnknownNameError

SOUND = '{ source = "revenus", column = "TP60" }'


def refusal(folder, replace):
    """Load a catalogue that is wrong and return the message."""
    with pytest.raises(CatalogueError) as caught:
        small_catalogue(folder, replace=replace)
    return str(caught.value)


# --- a sound catalogue -------------------------------------------------------------------------


def test_a_sound_catalogue_holds_what_its_files_declare(tmp_path):
    catalogue = small_catalogue(tmp_path)
    assert list(catalogue.themes) == ["population", "revenus", "tranquillite"]
    assert catalogue.indicator("taux_pauvrete").direction == "up_is_worse"
    assert catalogue.units[catalogue.indicator("taux_pauvrete").unit].share
    assert catalogue.source("compile").official is False
    assert catalogue.threshold("base_ecart_max_annees") == 3.0
    assert catalogue.terms[0].french == "millésime"


def test_several_files_of_a_folder_make_one_list(tmp_path):
    more = indicator("gini", SOUND)
    catalogue = small_catalogue(tmp_path, replace={"indicators/autre.toml": more})
    assert {"gini", "taux_pauvrete"} <= set(catalogue.indicators)


def test_a_catalogue_is_frozen(tmp_path):
    catalogue = small_catalogue(tmp_path)
    with pytest.raises(pydantic.ValidationError):
        catalogue.indicator("taux_pauvrete").label = "autre"


def test_old_codes_are_known_for_their_kind_only(tmp_path):
    catalogue = small_catalogue(tmp_path)
    assert catalogue.alias_map("epci") == {"245900410": "200093201"}
    assert catalogue.alias_map("commune") == {}


def test_an_indicator_without_direction_never_points_to_a_stake(tmp_path):
    catalogue = small_catalogue(tmp_path)
    assert catalogue.indicator("taux_pauvrete").scored
    assert not catalogue.indicator("population").scored


def test_the_embedded_catalogue_loads_and_every_used_source_can_be_recognised():
    catalogue = load_catalogue()
    assert all(source.readable for source in catalogue.sources.values() if source.used)


@pytest.mark.parametrize(
    ("call", "name", "near", "command"),
    [
        ("indicator", "taux_pauvret", "taux_pauvrete", "qpvkit list indicateurs"),
        ("source", "revenu", "revenus", "qpvkit list sources"),
        ("threshold", "base_ecart", "base_ecart_max_annees", "qpvkit check"),
    ],
)
def test_an_unknown_name_gives_the_near_ones_and_the_command(tmp_path, call, name, near, command):
    catalogue = small_catalogue(tmp_path)
    with pytest.raises(UnknownNameError) as caught:
        getattr(catalogue, call)(name)
    assert near in caught.value.near
    assert name in str(caught.value)
    assert command in str(caught.value)


# --- what is wrong -----------------------------------------------------------------------------


def test_an_unknown_key_names_file_id_and_key(tmp_path):
    text = indicator("gini", SOUND, more='couleur = "rouge"')
    message = refusal(tmp_path, {"indicators/revenus.toml": text})
    assert "revenus.toml" in message
    assert "« gini »" in message
    assert "couleur : clé inconnue" in message


def test_an_unknown_key_inside_a_column_is_found(tmp_path):
    text = indicator("gini", '{ source = "revenus", column = "GINI", colonne = "x" }')
    message = refusal(tmp_path, {"indicators/revenus.toml": text})
    assert "« gini »" in message
    assert "columns.0.colonne : clé inconnue" in message


def test_a_missing_label_names_file_and_id(tmp_path):
    text = indicator("gini", SOUND).replace('label = "Libellé gini"\n', "")
    message = refusal(tmp_path, {"indicators/revenus.toml": text})
    assert "revenus.toml, « gini » : label : clé absente" in message


@pytest.mark.parametrize("blank", ["", "   "])
def test_a_blank_label_is_refused(tmp_path, blank):
    text = indicator("gini", SOUND).replace("Libellé gini", blank)
    message = refusal(tmp_path, {"indicators/revenus.toml": text})
    assert "« gini » : label" in message


def test_every_wrong_key_of_a_record_is_reported_at_once(tmp_path):
    text = indicator("gini", SOUND, direction="monte", more="couleur = 1").replace(
        'label = "Libellé gini"\n', ""
    )
    message = refusal(tmp_path, {"indicators/revenus.toml": text})
    assert all(key in message for key in ("label", "direction", "couleur"))


def test_a_number_given_as_a_text_is_not_cast(tmp_path):
    text = WORDS.replace("value = 3.0", 'value = "3"')
    message = refusal(tmp_path, {"words.toml": text})
    assert "words.toml, « base_ecart_max_annees » : value" in message


def test_an_id_that_is_not_ascii_snake_case_is_refused(tmp_path):
    message = refusal(tmp_path, {"indicators/revenus.toml": indicator("Taux Pauvreté", SOUND)})
    assert "« Taux Pauvreté » : id" in message


def test_an_id_declared_twice_in_two_files_is_refused(tmp_path):
    message = refusal(tmp_path, {"indicators/autre.toml": indicator("taux_pauvrete", SOUND)})
    assert "« taux_pauvrete »" in message
    assert "déclaré deux fois" in message


def test_an_id_declared_twice_in_one_file_is_refused(tmp_path):
    theme = THEMES.split("[[theme]]")[1]
    message = refusal(tmp_path, {"themes.toml": f"{THEMES}\n[[theme]]{theme}"})
    assert message == "themes.toml, « population » : identifiant déclaré deux fois."


def test_dangling_references_are_all_reported_at_once(tmp_path):
    text = (
        indicator(
            "gini",
            '{ source = "perdue", column = "GINI" }',
            theme="oublie",
            unit="toise",
            more='caveats = ["aucune"]\nbase_indicator = "effectif"',
        )
        .replace('publics = ["tous"]', 'publics = ["personne"]')
        .replace('"insee"', '"nulle"')
    )
    message = refusal(tmp_path, {"indicators/revenus.toml": text})
    for field, name in (
        ("theme", "oublie"), ("unit", "toise"), ("secrecy", "nulle"), ("publics", "personne"),
        ("caveats", "aucune"), ("columns.source", "perdue"), ("base_indicator", "effectif"),
    ):  # fmt: skip
        assert f"indicateur « gini », {field} : « {name} » n'existe pas" in message


def test_a_source_with_an_unknown_caveat_is_reported(tmp_path):
    text = SOURCES.replace('id = "filosofi"\n', 'id = "filosofi"\ncaveats = ["inventee"]\n')
    message = refusal(tmp_path, {"sources/base.toml": text})
    assert "source « filosofi », caveats : « inventee » n'existe pas" in message


@pytest.mark.parametrize("lost", ["gap", "ask"])
def test_a_theme_that_nothing_measures_must_explain_itself(tmp_path, lost):
    lines = [line for line in THEMES.splitlines() if not line.startswith(f"{lost} =")]
    message = refusal(tmp_path, {"themes.toml": "\n".join(lines)})
    assert "themes.toml, « tranquillite »" in message
    assert "pourquoi (gap) et qui solliciter (ask)" in message


def test_a_theme_said_unmeasured_may_not_have_an_indicator_at_the_quartier(tmp_path):
    text = indicator("cambriolages_qp", SOUND, theme="tranquillite")
    message = refusal(tmp_path, {"indicators/autre.toml": text})
    assert "« tranquillite » dit non mesuré, mais « cambriolages_qp » l'est" in message


def test_an_indicator_not_published_at_the_quartier_says_whom_to_ask(tmp_path):
    text = indicator("gini", SOUND, more="at_qp = false")
    message = refusal(tmp_path, {"indicators/autre.toml": text})
    assert "« gini » non publié au quartier : ask manque" in message


@pytest.mark.parametrize(
    "name", ["themes.toml", "words.toml", "aliases.toml", "indicators/x.toml", "sources/x.toml"]
)
def test_a_toml_that_does_not_parse_names_its_file(tmp_path, name):
    message = refusal(tmp_path, {name: '[[theme]]\nid = "a\n'})
    assert message.startswith(f"{name.rsplit('/', 1)[-1]} : TOML illisible")
    assert "line 2" in message


def test_toml_refuses_a_code_without_quotes(tmp_path):
    message = refusal(tmp_path, {"aliases.toml": '[[alias]]\nkind = "commune"\nold = 01004\n'})
    assert "aliases.toml : TOML illisible" in message


def test_a_code_given_as_a_number_is_not_cast(tmp_path):
    text = '[[alias]]\nkind = "epci"\nold = 245900410\nnew = "200093201"\nsince = 2020\n'
    message = refusal(tmp_path, {"aliases.toml": text})
    assert "aliases.toml, « n° 1 » : old" in message


def test_a_toml_in_another_encoding_names_its_file(tmp_path):
    folder = write_catalogue(tmp_path / "catalogue")
    (folder / "themes.toml").write_bytes(THEMES.encode("cp1252"))
    with pytest.raises(CatalogueError, match=r"themes\.toml : TOML illisible"):
        load_catalogue(folder)


def test_an_absent_file_is_named_with_its_folder(tmp_path):
    folder = write_catalogue(tmp_path / "catalogue")
    (folder / "places.toml").unlink()
    with pytest.raises(CatalogueError, match=r"places\.toml : fichier du catalogue absent"):
        load_catalogue(folder)


@pytest.mark.parametrize(
    ("name", "text"),
    [("themes.toml", '[[themes]]\nid = "x"'), ("words.toml", '[[seuil]]\nid = "x"'),
     ("sources/base.toml", '[[indicator]]\nid = "x"')],
)  # fmt: skip
def test_an_unknown_section_names_its_file(tmp_path, name, text):
    message = refusal(tmp_path, {name: text})
    assert f"{name.rsplit('/', 1)[-1]} : rubrique inconnue" in message


@pytest.mark.parametrize("lost", ["kind", "requires", "roles"])
def test_a_used_source_says_how_it_is_recognised_and_read(tmp_path, lost):
    first = SOURCES.split("[[source]]")[1]
    lines = [line for line in first.splitlines() if not line.startswith(f"{lost} =")]
    text = SOURCES.replace(first, "\n".join(lines) + "\n")
    message = refusal(tmp_path, {"sources/base.toml": text})
    assert "base.toml, « revenus »" in message
    assert "requires, kind et roles.key" in message


def test_an_indicator_without_a_public_or_a_column_is_refused(tmp_path):
    text = indicator("gini", "").replace('publics = ["tous"]', "publics = []")
    message = refusal(tmp_path, {"indicators/revenus.toml": text})
    assert "publics" in message
    assert "columns" in message


def test_a_broken_regular_expression_names_file_and_source(tmp_path):
    text = SOURCES.replace('requires = ["id_poste",', 'requires = ["id_poste(",')
    message = refusal(tmp_path, {"sources/base.toml": text})
    assert "base.toml, « declaree »" in message


def test_a_broken_regular_expression_of_a_column_names_file_and_indicator(tmp_path):
    text = indicator("gini", '{ source = "revenus", column = "GINI(" }')
    message = refusal(tmp_path, {"indicators/revenus.toml": text})
    assert "revenus.toml, « gini »" in message


def test_a_wrong_choice_lists_those_that_are_accepted(tmp_path):
    text = indicator("gini", SOUND, direction="monte")
    message = refusal(tmp_path, {"indicators/revenus.toml": text})
    assert "direction" in message
    assert all(choice in message for choice in ("up_is_worse", "up_is_better", "neutral"))


# --- stakes and measurement models -------------------------------------------------------------


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ('theme = "revenus"', 'theme = "inconnu"', "enjeu « pauvrete », theme : « inconnu »"),
        ('"revenu_median"]', '"gini"]', "enjeu « pauvrete », indicators : « gini »"),
        ('"revenu_median"]', '"population"]', "« population » est une donnée de contexte"),
    ],
)
def test_a_grid_names_what_exists_and_may_be_scored(tmp_path, before, after, said):
    message = refusal(tmp_path, {"stakes.toml": STAKES.replace(before, after)})
    assert said in message


def test_an_indicator_that_may_be_ranked_declares_its_measurement_model(tmp_path):
    text = INDICATORS.replace('measurement = "sans_modele"', "")
    message = refusal(tmp_path, {"indicators/base.toml": text})
    assert "« revenu_median » : modèle de mesure (measurement) absent" in message


def test_an_unknown_measurement_model_is_refused(tmp_path):
    text = INDICATORS.replace('measurement = "fiscal"', 'measurement = "sondage"')
    message = refusal(tmp_path, {"indicators/base.toml": text})
    assert "« taux_pauvrete », measurement : « sondage » n'existe pas" in message


def test_every_stake_of_the_grid_rests_on_two_indicators_with_an_error_model():
    catalogue = load_catalogue()
    for stake in catalogue.stakes.values():
        models = [
            catalogue.measurements[catalogue.indicators[name].measurement].family
            for name in stake.indicators
        ]
        assert sum(family not in ("none", "proxy") for family in models) >= 2, stake.id


def test_a_service_of_the_droit_commun_refers_to_what_exists(tmp_path):
    text = DROIT_COMMUN.replace('funders = ["autre"]', 'funders = ["caf"]\nstakes = ["loisirs"]')
    message = refusal(tmp_path, {"droit_commun.toml": text})
    assert "droit commun « autre », funders : caf inconnu" in message
    assert "droit commun « autre », stakes : loisirs inconnu" in message


def test_a_broken_expression_of_a_programme_is_refused(tmp_path):
    text = DROIT_COMMUN.replace('need = ["population"]', 'programmes = ["(école"]')
    message = refusal(tmp_path, {"droit_commun.toml": text})
    assert "expression régulière illisible" in message
