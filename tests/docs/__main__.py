"""Write the pages of docs/ that are made from the code."""

from __future__ import annotations

from tests.docs.generated import write_pages

if __name__ == "__main__":
    write_pages()
