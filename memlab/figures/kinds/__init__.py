"""One file per kind of figure: recorded data in, a `FigureData` out. A new kind is one new file here."""
