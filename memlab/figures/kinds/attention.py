"""`attention`: the attention weights of every head on a prompt."""

from memlab.figures.kind import Kind
from memlab.figures.plot import CellGrid, FigureData
from memlab.figures.source import AttentionPatterns, FigureOptions


def attention(patterns: AttentionPatterns, options: FigureOptions) -> FigureData:
    """One panel per head, one row of panels per layer; rows of cells are queries, columns are keys."""
    layers, heads = patterns.weights.shape[:2]
    panels = tuple(
        CellGrid(
            patterns.weights[layer, head],
            "key" if layer == layers - 1 else "",
            "query" if head == 0 else "",
            "attention",
            patterns.tokens,
            patterns.tokens if head == 0 else (" ",) * len(patterns.tokens),
            low=0.0,
            high=1.0,
            title=f"layer {layer}, head {head}",
            has_bar=head == heads - 1,
        )
        for layer in range(layers)
        for head in range(heads)
    )
    prompt = " ".join(patterns.tokens)
    title = f"{patterns.run}: attention at step {patterns.step:,} on {prompt!r}"
    return FigureData("attention", panels, (patterns.run,), title=title, columns=heads)


KIND = Kind(
    "attention",
    "Attention weights of each head on a prompt (--prompt TEXT).",
    "attention",
    attention,
)
