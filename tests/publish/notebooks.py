"""Small notebooks written by the tests."""

from __future__ import annotations

from pathlib import Path

from qpvkit.publish.libraries import notebook_library

nbformat = notebook_library("nbformat")  # four seconds less than by `import`, for every test here
new_code_cell = nbformat.v4.new_code_cell
new_markdown_cell = nbformat.v4.new_markdown_cell
new_notebook = nbformat.v4.new_notebook

PARAMETERS = """\
code_qp: str = "QN09901M"  # code du quartier
dataset: str = "demo"  # jeu de données
seuil: float = 1.5  # un nombre
compte: int = 3  # un entier
vite: bool = False  # oui ou non
codes: list[str] = ["a", "b"]  # une liste
"""


def write_notebook(folder: Path, name: str, *sources: str) -> None:
    """Write a notebook whose first cell holds the parameters."""
    cells = [
        new_code_cell(PARAMETERS, metadata={"tags": ["parameters"]}),
        new_markdown_cell("# Titre\n\n## Rubrique"),
        *(new_code_cell(source) for source in sources),
    ]
    kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
    node = new_notebook(cells=cells, metadata={"kernelspec": kernel})
    for rank, cell in enumerate(node.cells):
        cell["id"] = f"c{rank}"
    nbformat.write(node, folder / f"{name}.ipynb")
