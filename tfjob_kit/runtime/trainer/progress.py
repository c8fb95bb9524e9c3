"""Progress lines of the chief and the gauges for the agent.

Owns speed and time left. Both are measured over the calls since the last line; the first call, which
compiles, is left out of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from tfjob_kit import contract
from tfjob_kit.config.schema import TrainConfig
from tfjob_kit.runtime.trainer import console, schedule

__all__ = ["Progress"]


class Progress:
    """What is told while training goes on; `now` is in seconds of any steady clock.

    Args:
        config: The run's.
        replicas: For the line.
        attempt: Restarts before this trainer.
        is_chief: Only the chief prints.
        draw: Gets the values of every line, and their step.
    """

    def __init__(
        self,
        config: TrainConfig,
        *,
        replicas: int,
        attempt: int,
        is_chief: bool,
        draw: Callable[[Mapping[str, float], int], None] = lambda values, step: None,
    ) -> None:
        self._config, self._replicas, self._attempt, self._is_chief = config, replicas, attempt, is_chief
        self._draw = draw
        self._speed: float | None = None
        self._since: tuple[float, int] | None = None
        self._printed: float | None = None

    def measure(self, *, step: int, now: float) -> float | None:
        """Takes note of a finished call; examples per second of the whole job, None in the beginning."""
        if self._since is None:
            self._since = (now, step)
            return None
        seconds, steps = now - self._since[0], step - self._since[1]
        if seconds > 0 and steps > 0:
            self._speed = steps * self._config.global_batch_size / seconds
        return self._speed

    def tell(
        self, *, step: int, loss: float, checkpoint_step: int, now: float, last: bool = False
    ) -> dict[str, float]:
        """Prints a line when one is due (always for the first and the last call); returns the gauges."""
        speed = self.measure(step=step, now=now)
        values = self._values(step=step, loss=loss, checkpoint_step=checkpoint_step, speed=speed)
        due = self._printed is None or last or now - self._printed >= self._config.progress_every
        if due:
            if self._is_chief:
                console.say(contract.format_progress(values))
                self._draw(values, step)
            self._printed, self._since = now, (now, step)
        return {key: float(value) for key, value in values.items()}

    def tell_metrics(self, *, step: int, metrics: Mapping[str, float]) -> None:
        """A line with `eval_*` after an evaluation."""
        if self._is_chief and metrics:
            named = {f"eval_{name}": value for name, value in metrics.items()}
            head = {"step": step, "total_steps": self._config.steps}
            console.say(contract.format_progress({**head, **named}))
            self._draw(named, step)

    def _values(
        self, *, step: int, loss: float, checkpoint_step: int, speed: float | None
    ) -> dict[str, int | float]:
        rate = schedule.learning_rate_at(
            max(0, step - 1),
            peak=self._config.optimizer.learning_rate,
            config=self._config.schedule,
            steps=self._config.steps,
        )
        values: dict[str, int | float] = {
            "step": step,
            "total_steps": self._config.steps,
            "loss": loss,
            "learning_rate": rate,
            "replicas": self._replicas,
            "checkpoint_step": checkpoint_step,
            "restarts": self._attempt,
        }
        if speed is not None:
            left = (self._config.steps - step) * self._config.global_batch_size
            values["examples_per_second"] = round(speed, 1)
            values["eta_seconds"] = round(left / speed)
        return values
