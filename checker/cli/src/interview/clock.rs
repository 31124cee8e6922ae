//! Where a session's time comes from.
//!
//! The session's clock counts active time. It is advanced by the machine's
//! monotonic clock, so a changed wall clock does not touch it, and a suspended
//! machine adds nothing where the system's monotonic clock stands still in sleep
//! (on Linux it does). That clock starts anew at each boot, so the boot is recorded
//! with it: across a reboot the session goes on from its last event.

use std::time::SystemTime;

use rustix::time::{ClockId, clock_gettime};

/// A moment, in three ways.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moment {
    /// Which boot of the machine.
    pub boot: String,
    /// Milliseconds on the monotonic clock of that boot.
    pub mono_ms: u64,
    /// For people.
    pub wall: String,
}

/// Tells the time.
pub trait Clock: Sync {
    /// The moment that is now.
    fn now(&self) -> Moment;
}

/// The variable that stands in for the machine's clock in tests and samples:
/// `BOOT MILLISECONDS WALL`.
pub const VARIABLE: &str = "INTERLEAVE_CLOCK";

/// The machine's own, or the one that [`VARIABLE`] tells.
pub struct MachineClock;

impl Clock for MachineClock {
    fn now(&self) -> Moment {
        told().unwrap_or_else(|| Moment {
            boot: boot(),
            mono_ms: monotonic(),
            wall: humantime::format_rfc3339_seconds(SystemTime::now()).to_string(),
        })
    }
}

fn told() -> Option<Moment> {
    let text = std::env::var(VARIABLE).ok()?;
    let mut parts = text.splitn(3, ' ');
    let boot = parts.next()?.to_owned();
    let mono_ms = parts.next()?.parse().ok()?;
    let wall = parts.next().unwrap_or_default().to_owned();
    Some(Moment {
        boot,
        mono_ms,
        wall,
    })
}

fn monotonic() -> u64 {
    let now = clock_gettime(ClockId::Monotonic);
    let (seconds, nanoseconds) = (now.tv_sec, now.tv_nsec);
    let milliseconds = i128::from(seconds) * 1000 + i128::from(nanoseconds) / 1_000_000;
    u64::try_from(milliseconds).unwrap_or_default()
}

/// What tells one boot from the next; where nothing does, a clock that has gone
/// backwards shows a reboot.
fn boot() -> String {
    let id = std::fs::read_to_string("/proc/sys/kernel/random/boot_id");
    id.map_or_else(|_| "unknown".to_owned(), |id| id.trim().to_owned())
}

/// Where the session's clock stands at a moment, from where it stood at an earlier
/// one; nothing where the machine was started in between.
pub fn advance(at_ms: u64, boot: &str, mono_ms: u64, now: &Moment) -> Option<u64> {
    let passed = now.mono_ms.checked_sub(mono_ms)?;
    (now.boot == boot).then_some(at_ms + passed)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moment(boot: &str, mono_ms: u64) -> Moment {
        Moment {
            boot: boot.to_owned(),
            mono_ms,
            wall: String::new(),
        }
    }

    #[test]
    fn the_clock_goes_on_within_a_boot_and_not_across_one() {
        assert_eq!(advance(500, "a", 10_000, &moment("a", 12_000)), Some(2_500));
        assert_eq!(advance(500, "a", 10_000, &moment("b", 12_000)), None);
        assert_eq!(
            advance(500, "unknown", 10_000, &moment("unknown", 300)),
            None
        );
    }

    #[test]
    fn the_machines_clock_does_not_go_backwards() {
        let first = MachineClock.now();
        let second = MachineClock.now();
        assert_eq!(first.boot, second.boot);
        assert!(first.mono_ms <= second.mono_ms);
    }
}
