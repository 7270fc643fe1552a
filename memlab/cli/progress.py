"""Output of a headless run while it trains: a progress bar, plain lines, JSON, or nothing."""

import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from memlab.cli.event_text import phase_line
from memlab.cli.output import number, print_json, stderr
from memlab.cli.run_summary import print_run_summary
from memlab.preset.findings import PresetFinding
from memlab.record.events import Evaluated, Event, Finding, Phase, Rows, Spike, Started, to_json
from memlab.record.folder import RunFolder
from memlab.record.safe_text import safe_text
from memlab.record.summary import planned_steps

PLAIN_SECONDS = 5.0
"""between two lines of progress if stderr is not a terminal"""


class RunOutput(ABC):
    """Displays one run from its events."""

    def __init__(self, folder: RunFolder) -> None:
        self.folder = folder

    @abstractmethod
    def begin(self, findings: Sequence[PresetFinding]) -> None:
        """Show the findings of the preflight checks."""

    @abstractmethod
    def show(self, event: Event) -> None:
        """Show one event."""

    @abstractmethod
    def close(self) -> None:
        """Show the result of the run."""


class Silent(RunOutput):
    def begin(self, findings: Sequence[PresetFinding]) -> None:
        pass

    def show(self, event: Event) -> None:
        pass

    def close(self) -> None:
        pass


class JsonLines(RunOutput):
    """One event per line on stdout, as in `events.jsonl`."""

    def begin(self, findings: Sequence[PresetFinding]) -> None:
        """Print nothing: findings during training are events; `memlab check --json` has the others."""

    def close(self) -> None:
        """Print nothing: the last line is the event `ended`."""

    def show(self, event: Event) -> None:
        """Print the event, unless it is a block of rows."""
        if not isinstance(event, Rows):
            print_json({"run": self.folder.path.name} | to_json(event))


class Progress(RunOutput):
    """The latest values: a progress bar on a terminal, otherwise a plain line every few seconds."""

    def __init__(self, folder: RunFolder) -> None:
        super().__init__(folder)
        self.console = stderr()
        self.steps = planned_steps(folder)
        self.loss_name = "objective" if folder.facts.is_smoothed else "batch loss"
        self.values: dict[str, float] = {}
        self.loss: float | None = None
        self.step = self.first_step = 0
        self.started = self.printed = time.monotonic()
        self.live: Live | None = None

    def begin(self, findings: Sequence[PresetFinding]) -> None:
        """Print the name of the run and the findings of the preflight checks."""
        name = safe_text(self.folder.labels().name)
        self.console.print(Text(f"{name}  {self.folder.path}", style="bold"))
        for finding in findings:
            self._print_finding(finding.level, finding.what)
        if self.console.is_terminal:
            self.live = Live(Text("starting"), console=self.console, auto_refresh=False)
            self.live.start()

    def show(self, event: Event) -> None:
        """Process one event and redraw."""
        match event:
            case Started():
                self.first_step, self.started = event.step, time.monotonic()
                self._print(f"on {event.device}, engine {event.engine}: {event.engine_reason}")
            case Rows():
                self.step, self.loss = event.step, float(event.values[-1, 0])
            case Evaluated():
                self.values |= event.values
            case Phase():
                self._print(phase_line(event), "green")
            case Spike():
                self._print(f"step {event.onset:,}: spike to {number(event.peak)}", "yellow")
            case Finding():
                self._print_finding(event.level, event.what)
        self._draw()

    def close(self) -> None:
        """Stop redrawing and print the closing report."""
        if self.live is not None:
            self.live.update(self._line(), refresh=True)
            self.live.stop()
        print_run_summary(self.folder)

    def _print(self, text: str, style: str = "dim") -> None:
        self.console.print(Text(safe_text(text, limit=400), style=style))

    def _print_finding(self, level: str, text: str) -> None:
        self._print(f"{level}: {text}", {"error": "red", "warning": "yellow"}.get(level, "dim"))

    def _draw(self) -> None:
        now = time.monotonic()
        if self.live is not None:
            if now - self.printed > 0.1:
                self.live.update(self._line(), refresh=True)
                self.printed = now
        elif now - self.printed > PLAIN_SECONDS:
            self.console.print(self._values())
            self.printed = now

    def _line(self) -> Table:
        line = Table.grid(padding=(0, 1))
        line.add_column(no_wrap=True)
        line.add_column(no_wrap=True, overflow="ellipsis")
        line.add_row(ProgressBar(total=self.steps, completed=self.step, width=20), self._values())
        return line

    def _values(self) -> Text:
        rate = (self.step - self.first_step) / max(time.monotonic() - self.started, 1e-9)
        left = (self.steps - self.step) / rate if rate else 0.0
        parts = [f"step {self.step:,}/{self.steps:,}"]
        if rate:
            parts += [f"{number(rate, 3)} steps/s", f"{int(left // 60)}:{int(left % 60):02} left"]
        if self.loss is not None:
            parts.append(f"{self.loss_name} {number(self.loss, 3)}")
        names = ("val_loss", "train_accuracy", "val_accuracy")
        parts += [
            f"{name.replace('_', ' ')} {number(self.values[name], 3)}"
            for name in names
            if name in self.values
        ]
        return Text("  ".join(parts))


@contextmanager
def view(folder: RunFolder, *, quiet: bool, as_json: bool) -> Iterator[RunOutput]:
    """The output that the options select; restores the terminal on any exit."""
    output: RunOutput = (
        JsonLines(folder) if as_json else Silent(folder) if quiet else Progress(folder)
    )
    try:
        yield output
    finally:
        if isinstance(output, Progress) and output.live is not None:
            output.live.stop()
