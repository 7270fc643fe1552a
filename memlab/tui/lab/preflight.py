"""Preflight of the draft in the Lab: checks it in a thread, times a few updates, shows the report."""

from dataclasses import dataclass

from textual import on, work
from textual.content import Content
from textual.message import Message
from textual.timer import Timer
from textual.widgets import Static

from memlab.errors import MemlabError, RunError
from memlab.preset.check import Report, check_preset
from memlab.sweeps.cost import seconds
from memlab.sweeps.plan import Plan
from memlab.tui.console import Console
from memlab.tui.lab.draft import Draft
from memlab.tui.lab.preflight_text import Part, in_columns, report_parts
from memlab.tui.lab.sweep_report import SweepReport
from memlab.tui.safe_content import one_line, safe

PAUSE_BEFORE_CHECK = 0.15
"""Seconds after the last key press before a draft is checked."""


class Preflight(Static):
    """Facts, findings and changes of the draft, and its estimated duration."""

    @dataclass
    class Checked(Message):
        """A draft was checked."""

        draft: Draft
        result: Report | SweepReport | MemlabError

    @dataclass
    class Measured(Message):
        """The time of an update, or of all members of a sweep, was measured."""

        draft: Draft
        seconds: float | None
        problem: str

    def __init__(self, console: Console) -> None:
        super().__init__()
        self._runs, self._training, self._trainer = console.runs, console.training, console.trainer
        self._probe = console.trainer.probe if console.trainer else None
        self._draft: Draft | None = None
        self._result: Report | SweepReport | MemlabError | None = None
        self._seconds: float | None = None
        self._note = ""
        self._check_timer: Timer | None = None
        self._parts: list[Part] = []
        self._shown = Content("")

    def check(self, draft: Draft) -> None:
        """Show a draft, and check it unless it trains the same as the current one."""
        previous, self._draft = self._draft, draft
        if previous is None or draft.preset is None or draft.subject != previous.subject:
            self._seconds, self._note = None, ""
            self._check_soon()
        self._show()

    @property
    def error(self) -> str | None:
        """Why the current draft must not be trained, as far as it was checked; None = it may be."""
        if isinstance(self._result, MemlabError):
            return one_line(self._result)
        if isinstance(self._result, Report) and self._draft and self._draft.sweep is None:
            errors = (f for f in self._result.findings if f.level == "error")
            return next((safe(finding.what).plain for finding in errors), None)
        return None

    # Checks

    def _check_soon(self) -> None:
        if self._check_timer:
            self._check_timer.stop()
        self._check_timer = self.set_timer(PAUSE_BEFORE_CHECK, self._check_draft)

    def _check_draft(self) -> None:
        if self._draft and self._draft.preset:
            self._check(self._draft)

    @work(thread=True, exclusive=True, group="preflight")
    def _check(self, draft: Draft) -> None:
        assert draft.preset is not None
        try:
            if draft.sweep is not None:
                result = SweepReport.of(draft.sweep, self._runs)
                self.post_message(self.Checked(draft, result))
                return
            report = check_preset(draft.preset)
            # Computed on first access; done here, not in the thread of the interface.
            _ = report.facts.chance_loss
            self.post_message(self.Checked(draft, report))
        except MemlabError as error:
            self.post_message(self.Checked(draft, error))
        except OSError as error:
            self.post_message(self.Checked(draft, RunError(f"cannot be planned: {error}")))

    @on(Checked)
    def _checked(self, event: Checked) -> None:
        if self._draft and event.draft.subject == self._draft.subject:
            self._result = event.result
            self._show()
            if not isinstance(event.result, MemlabError):
                self._measure_if_idle()

    # Duration

    def _measure_if_idle(self) -> None:
        """Measure automatically if no run trains here and the machine is idle."""
        trainer, is_training = self._trainer, self._training.current is not None
        is_known = self._seconds is not None or bool(self._note)
        if trainer and not is_training and not is_known and trainer.is_machine_idle():
            self.measure()

    def measure(self) -> None:
        """Time a few updates to estimate the duration."""
        if self._probe and self._draft and self._draft.preset:
            self._note = "measuring ..."
            self._show()
            plan = self._result.plan if isinstance(self._result, SweepReport) else None
            self._measure(self._draft, plan)

    @work(thread=True, exclusive=True, group="measure")
    def _measure(self, draft: Draft, plan: Plan | None) -> None:
        """Time a few updates: seconds of one, or of all members of a plan."""
        assert self._probe is not None and draft.preset is not None
        try:
            measured = seconds(plan, self._probe) if plan else self._probe(draft.preset)
            self.post_message(self.Measured(draft, measured, ""))
        except Exception as error:
            self.post_message(self.Measured(draft, None, f"measurement failed: {error}"))

    @on(Measured)
    def _measured(self, event: Measured) -> None:
        if self._draft and event.draft.subject == self._draft.subject:
            self._seconds, self._note = event.seconds, event.problem
            self._show()

    # Showing

    def _show(self) -> None:
        if self._draft:
            note = self._note or ("" if self._probe else "not estimated here")
            self._parts = report_parts(self._draft, self._result, self._seconds, note)
            self._show_parts()

    def on_resize(self) -> None:
        """The number of columns depends on the width."""
        self._show_parts()

    def _show_parts(self) -> None:
        parts = [in_columns(p, self.size.width) if isinstance(p, list) else p for p in self._parts]
        content = Content("\n\n").join(parts)
        if not content.is_same(self._shown):
            self._shown = content
            self.update(content)
