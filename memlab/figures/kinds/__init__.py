"""One file per kind of figure. Each turns recorded data into a `FigureData`."""
