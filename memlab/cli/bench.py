"""`memlab bench`: compares the speed of the engines."""

from memlab.cli.options import Json, Overrides, PresetName


def bench(
    preset: PresetName = "quickstart", overrides: Overrides = None, json: Json = False
) -> None:
    """Measure the time of a training step with each engine; steps are interleaved in one process."""
    from memlab.cli.output import number, print_json, stdout, table
    from memlab.preset.load import load
    from memlab.training.bench import measure

    measured = measure(load(preset, overrides or ()))
    if json:
        print_json(measured)
        return
    plain = measured["engines"]["plain"]["ms_per_step"]
    rows = [
        [name, number(engine["ms_per_step"]), number(plain / engine["ms_per_step"], 3)]
        for name, engine in measured["engines"].items()
    ]
    stdout().print(table(["engine", "ms per step", "speedup over plain"], rows))
    stdout().print(f"engine: {measured['engine']}, {measured['reason']}")
    for key in ("gradient_error", "gflop_left", "matrix_gflops", "share_of_limit"):
        stdout().print(f"{key.replace('_', ' ')}: {number(measured[key])}")
