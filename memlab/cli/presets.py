"""`memlab presets`: lists the presets."""

from memlab.cli.options import Json


def presets(json: Json = False) -> None:
    """List the presets and what each one shows."""
    from memlab.cli.output import print_json, stdout, table
    from memlab.preset.load import available

    presets_ = available()
    if json:
        print_json([{"name": p.name, "path": str(p.path), "about": p.about} for p in presets_])
    else:
        stdout().print(table(["preset", "what it shows"], [(p.name, p.about) for p in presets_]))
