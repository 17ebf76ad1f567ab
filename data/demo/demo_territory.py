"""
Describe the invented territory: communes, EPCI and quartiers of two zonings.

Every name, code, population and income below is made up. Département 99 does not exist; the
commune 97490 does not exist either and stands for the overseas case. The other modules derive
their files from these tables, so a fact that two files share is written once.
"""

from dataclasses import dataclass

DEPARTEMENT = ("99", "Département fictif")
REGION = ("99", "Région fictive")
OVERSEAS_DEPARTEMENT = ("974", "La Réunion (démo)")
OVERSEAS_REGION = ("04", "La Réunion (démo)")
MARK = " (démo)"

# Invented national medians of the standard of living, in euros a year, by Filosofi vintage.
NATIONAL_MEDIAN = {2017: 21_100, 2018: 21_300, 2019: 22_150, 2021: 23_200}
NATIONAL_SPREAD = 0.47


@dataclass(frozen=True, slots=True)
class Epci:
    """
    An intercommunal body.

    Parameters
    ----------
    code
        SIREN, nine digits.
    former_code
        SIREN before 2020; the same as `code` when it never changed.
    """

    code: str
    name: str
    kind: str
    former_code: str


@dataclass(frozen=True, slots=True)
class Commune:
    """
    A commune of the invented territory.

    Parameters
    ----------
    median
        Median standard of living in 2021, in euros a year.
    spread
        Standard deviation of the logarithm of the standard of living.
    seat
        Position of the town hall, in km east and north of the origin of the map.
    """

    code: str
    name: str
    epci: str
    population: int
    median: int
    spread: float
    seat: tuple[float, float]

    @property
    def postcode(self) -> str:
        """Give an invented post code."""
        return f"{self.code[:3]}99"

    @property
    def departement(self) -> tuple[str, str]:
        """Give the code and the label of the département."""
        return OVERSEAS_DEPARTEMENT if self.code.startswith("974") else DEPARTEMENT

    @property
    def region(self) -> tuple[str, str]:
        """Give the code and the label of the région."""
        return OVERSEAS_REGION if self.code.startswith("974") else REGION


@dataclass(frozen=True, slots=True)
class Profile:
    """
    The social profile of a place, the same in every file.

    Parameters
    ----------
    median
        Median standard of living in 2021, in euros a year.
    employment
        Employed share of the 15-64, in %.
    women_gap
        Points of employment rate that separate women from the whole.
    foreign
        Share of foreigners, in %.
    youth
        Persons under 20 for one person of 60 or more.
    spread
        Standard deviation of the logarithm of the standard of living.
    trend
        Relative change of income a year, beyond the national one.
    """

    median: int
    employment: float
    women_gap: float
    foreign: float
    youth: float
    spread: float
    trend: float = 0.0


@dataclass(frozen=True, slots=True)
class Quartier:
    """
    A quartier of the 2015 (`QP`) or 2024 (`QN`) zoning.

    Parameters
    ----------
    offset
        Position in km from the seat of the commune; ignored when the quartier straddles two
        communes, since it is then put on their common border.
    ancestor
        Code of the same place in the 2015 zoning, if any.
    """

    code: str
    name: str
    communes: tuple[str, ...]
    population: int
    profile: Profile
    offset: tuple[float, float] = (0.0, 0.0)
    ancestor: str = ""

    @property
    def label(self) -> str:
        """Give the published name, which says that the quartier is invented."""
        return self.name + MARK

    @property
    def overseas(self) -> bool:
        """Tell whether the quartier is overseas, where Filosofi is not published."""
        return self.code.startswith("QN97")


EPCIS = (
    Epci("200099011", "CU Valmer et Vallées d'Ondre (démo)", "CU", "249900017"),
    Epci("200099029", "CA des Portes d'Ardelle (démo)", "CA", "200099029"),
    Epci("200099037", "CC du Haut Arcelles (démo)", "CC", "200099037"),
    Epci("249700099", "CA fictive d'outre-mer", "CA", "249700099"),
)

COMMUNES = (
    Commune("99001", "Valmer-sur-Ondre", "200099011", 48_210, 19_870, 0.50, (0.0, 0.0)),
    Commune("99002", "Brélanges", "200099011", 15_480, 20_940, 0.46, (4.6, 2.1)),
    Commune("99003", "Saint-Aurèle-des-Prés", "200099011", 9_320, 21_480, 0.44, (-4.6, -1.3)),
    Commune("99004", "Mornevaux-l'Abbesse", "200099011", 6_150, 23_910, 0.43, (-0.7, 4.9)),
    Commune("99005", "Pont-Ardelle", "200099011", 4_280, 20_310, 0.42, (2.3, -4.3)),
    Commune("99006", "Lissandre", "200099011", 2_130, 24_640, 0.41, (-9.0, -1.6)),
    Commune("99007", "Castelondre", "200099029", 21_640, 19_260, 0.47, (7.4, -4.4)),
    Commune("99008", "Ozelay", "200099029", 7_900, 20_180, 0.43, (10.6, -0.4)),
    Commune("99009", "Hautecombrelle", "200099029", 3_450, 22_720, 0.42, (9.3, 4.3)),
    Commune("99010", "Sainte-Oriane", "200099029", 1_280, 23_050, 0.40, (4.6, -8.6)),
    Commune("99011", "La Ferté-Ondrine", "200099029", 640, 22_390, 0.40, (-2.7, -6.6)),
    Commune("99012", "Cœurdanne", "200099037", 5_960, 20_730, 0.44, (-5.4, 6.0)),
    Commune("99013", "Grandvoisin", "200099037", 6_840, 21_150, 0.43, (-9.6, 3.9)),
    Commune("99014", "Arcelles-le-Comte", "200099037", 410, 21_900, 0.40, (0.4, 8.9)),
    Commune("97490", "Port-Fictif", "249700099", 31_700, 17_240, 0.55, (0.0, 0.0)),
)
METROPOLITAN = tuple(commune for commune in COMMUNES if commune.code.startswith("99"))

# A commune that was merged into Ozelay: the 2015 zoning still calls it by its name.
DELEGATED = ("99015", "Bourg-Ozelay", "99008")

# fmt: off
QUARTIERS_2024 = (
    Quartier("QN09901M", "Les Ormeaux", ("99001",), 8_940,
             Profile(12_480, 38.6, 7.4, 31.2, 2.1, 0.39, -0.008), (1.3, -0.5), "QP099004"),
    Quartier("QN09902M", "Le Grand Pré", ("99001",), 5_210,
             Profile(14_260, 43.8, 4.9, 24.6, 1.7, 0.41), (-1.2, 0.9), "QP099001"),
    Quartier("QN09903I", "La Verrerie", ("99001",), 3_480,
             Profile(15_640, 47.5, 3.8, 17.3, 1.3, 0.38, 0.006), (-0.3, -1.4), "QP099006"),
    Quartier("QN09904M", "Beau-Marais", ("99001", "99002"), 4_120,
             Profile(13_740, 41.2, 6.8, 22.9, 1.8, 0.43), (0.0, 0.0), "QP099002"),
    Quartier("QN09905M", "Cité des Tisserands", ("99002",), 2_350,
             Profile(14_980, 45.1, 4.1, 15.8, 1.2, 0.37), (0.7, -0.4), "QP099003"),
    Quartier("QN09906M", "Les Hautes-Bornes", ("99003",), 1_640,
             Profile(14_820, 44.7, 5.2, 12.4, 1.1, 0.40), (0.6, 0.5), "QP099009"),
    Quartier("QN09907M", "Pont-Levant", ("99005", "99007"), 2_980,
             Profile(14_110, 42.6, 6.1, 14.7, 1.5, 0.44), (0.0, 0.0), "QP099005"),
    Quartier("QN09908M", "Le Clos Fleuri", ("99007",), 6_420,
             Profile(13_120, 39.9, 8.3, 26.5, 2.0, 0.42, -0.004), (0.9, 0.6), "QP099010"),
    Quartier("QN09909I", "Les Glycines", ("99007",), 1_180,
             Profile(16_130, 50.2, 2.9, 9.8, 0.7, 0.39), (-0.8, -0.7), "QP099007"),
    Quartier("QN09910M", "La Sablière", ("99012",), 2_240,
             Profile(15_210, 46.3, 4.4, 11.6, 1.2, 0.41, 0.004), (0.4, -0.3), "QP099008"),
    Quartier("QN09911N", "Le Val Joli", ("99013",), 1_130,
             Profile(15_880, 48.4, 3.5, 8.2, 0.9, 0.36), (0.3, 0.4)),
    Quartier("QN09912N", "Moulin-Neuf", ("99008",), 1_260,
             Profile(15_050, 45.9, 4.7, 10.1, 1.0, 0.40), (-0.5, 0.3)),
    Quartier("QN97490N", "Anse-Imaginaire", ("97490",), 3_870,
             Profile(11_620, 34.2, 6.6, 4.1, 1.9, 0.45), (0.4, 0.2)),
)
# fmt: on

_GONE = Profile(15_330, 45.6, 4.3, 7.7, 1.0, 0.38)
_BY_ANCESTOR = {quartier.ancestor: quartier for quartier in QUARTIERS_2024 if quartier.ancestor}


def _former(code: str, name: str, population: int) -> Quartier:
    heir = _BY_ANCESTOR[code]
    return Quartier(code, name, heir.communes, population, heir.profile)


QUARTIERS_2015 = (
    _former("QP099001", "Grand Pré - Bellevue", 5_060),
    _former("QP099002", "Beau-Marais", 3_950),
    _former("QP099003", "Les Tisserands", 2_290),
    _former("QP099004", "Les Ormeaux", 8_310),
    _former("QP099005", "Pont-Levant", 2_720),
    _former("QP099006", "La Verrerie", 3_480),
    _former("QP099007", "Les Glycines", 1_180),
    _former("QP099008", "Sablière - Gare", 2_090),
    _former("QP099009", "Hautes-Bornes", 1_570),
    _former("QP099010", "Le Clos Fleuri", 6_140),
    Quartier("QP099011", "Les Acacias", ("99008",), 1_310, _GONE, (0.6, -0.5)),
)

_COMMUNES = {commune.code: commune for commune in COMMUNES}
_EPCIS = {epci.code: epci for epci in EPCIS}
SHARE_OF_FIRST_COMMUNE = 0.7


def commune_of(code: str) -> Commune:
    """Find a commune by its code."""
    return _COMMUNES[code]


def epci_of(commune: Commune) -> Epci:
    """Find the EPCI of a commune."""
    return _EPCIS[commune.epci]


def epci_codes(quartier: Quartier) -> list[str]:
    """List the EPCI of a quartier, each once, in the order of its communes."""
    return list(dict.fromkeys(commune_of(code).epci for code in quartier.communes))


def shares(quartier: Quartier) -> dict[str, float]:
    """Share the population of a quartier between its communes."""
    if len(quartier.communes) == 1:
        return {quartier.communes[0]: 1.0}
    first, second = quartier.communes
    return {first: SHARE_OF_FIRST_COMMUNE, second: 1.0 - SHARE_OF_FIRST_COMMUNE}


def priority_population(quartiers: tuple[Quartier, ...], communes: tuple[str, ...]) -> int:
    """Sum the inhabitants of the quartiers that live in some communes."""
    total = 0.0
    for quartier in quartiers:
        parts = shares(quartier)
        total += sum(quartier.population * parts.get(code, 0.0) for code in communes)
    return round(total)


def commune_names(quartier: Quartier) -> str:
    """Write the names of the communes of a quartier as Insee does, in alphabetical order."""
    return ", ".join(sorted(commune_of(code).name for code in quartier.communes))
