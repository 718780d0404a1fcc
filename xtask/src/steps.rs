//! Runs named steps in order, stops at the first that fails, and sums up.

use std::time::{Duration, Instant};

use crate::error::Result;

#[derive(Default)]
pub(crate) struct Steps {
    passed: Vec<(&'static str, Duration)>,
    failed: Option<(&'static str, Duration, String)>,
    not_run: Vec<&'static str>,
}

impl Steps {
    /// Runs the step, unless an earlier one failed.
    pub(crate) fn run(&mut self, name: &'static str, step: impl FnOnce() -> Result<()>) {
        if self.failed.is_some() {
            self.not_run.push(name);
            return;
        }
        println!("\n==> {name}");
        let start = Instant::now();
        let result = step();
        let took = start.elapsed();
        match result {
            Ok(()) => {
                println!("==> {name}: passed in {}", seconds(took));
                self.passed.push((name, took));
            }
            Err(error) => {
                println!("==> {name}: failed after {}", seconds(took));
                self.failed = Some((name, took, error.to_string()));
            }
        }
    }

    pub(crate) fn all_passed(&self) -> bool {
        self.failed.is_none()
    }

    /// One line per step; the last line counts them in the form that test runners share.
    pub(crate) fn summary(&self) -> String {
        let mut lines = Vec::new();
        for (name, took) in &self.passed {
            lines.push(format!("  passed   {:>8}  {name}", seconds(*took)));
        }
        if let Some((name, took, message)) = &self.failed {
            lines.push(format!("  FAILED   {:>8}  {name}", seconds(*took)));
            lines.extend(message.lines().map(|line| format!("      {line}")));
        }
        for name in &self.not_run {
            lines.push(format!("  not run            {name}"));
        }
        lines.push(format!("{} passed, {} failed", self.passed.len(), usize::from(self.failed.is_some())));
        lines.join("\n")
    }
}

fn seconds(took: Duration) -> String {
    format!("{:.1} s", took.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Error;

    #[test]
    fn counts_the_steps_in_the_last_line() {
        let mut steps = Steps::default();
        steps.run("one", || Ok(()));
        steps.run("two", || Ok(()));
        assert!(steps.all_passed());
        assert_eq!(steps.summary().lines().last(), Some("2 passed, 0 failed"));
    }

    #[test]
    fn stops_at_the_first_failure_and_says_what_did_not_run() {
        let mut steps = Steps::default();
        let mut ran = false;
        steps.run("one", || Ok(()));
        steps.run("two", || Err(Error::new("Install the thing.")));
        steps.run("three", || {
            ran = true;
            Ok(())
        });
        assert!(!ran && !steps.all_passed());
        let summary = steps.summary();
        assert!(summary.contains("two\n      Install the thing."));
        assert!(summary.contains("not run            three"));
        assert_eq!(summary.lines().last(), Some("1 passed, 1 failed"));
    }
}
