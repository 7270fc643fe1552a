"""`memlab presets`: lists the presets."""

from memlab.cli.options import Json


def presets(json: Json = False) -> None:
    """List the presets by folder: what each one shows, and how long it takes on a CPU."""
    from itertools import groupby

    from rich.text import Text

    from memlab.cli.output import print_json, stdout
    from memlab.preset.about_text import first_sentence, stated_duration
    from memlab.preset.load import available
    from memlab.record.safe_text import safe_text

    listed = available()
    if json:
        print_json([{"name": p.name, "path": str(p.path), "about": p.about} for p in listed])
        return
    console = stdout()
    width = max(len(p.name) for p in listed)
    order = sorted(listed, key=lambda p: (p.name != "quickstart", p.folder))
    for folder, group in groupby(order, key=lambda p: p.folder if p.name != "quickstart" else ""):
        if folder:
            console.print(Text(f"\n{safe_text(folder)}", style="bold"))
        for p in group:
            text = first_sentence(p.about)
            if p.problem:
                text = f"not valid: {p.problem.what}" + f" ({p.problem.hint})" * bool(
                    p.problem.hint
                )
            line = Text(f"{safe_text(p.name):<{width}} {stated_duration(p.about):>7}  ")
            line.append(safe_text(text, 400), style="dim")
            if console.is_terminal:
                line.truncate(console.width, overflow="ellipsis")
            console.print(line, soft_wrap=True)
    console.print("\nmemlab check NAME shows what a preset trains; memlab run NAME trains it.")
