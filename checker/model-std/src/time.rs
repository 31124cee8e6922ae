//! `std::time`. In a model each thread's clock stands still while it runs, and moves on when
//! it sleeps, waits in vain, or learns of somebody for whom it is later.

use std::ops::{Add, AddAssign, Sub, SubAssign};
use std::panic::Location;
use std::sync::LazyLock;

pub use std::time::{Duration, SystemTimeError, TryFromFloatSecsError};

use crate::model::kernel;

/// When the clock of every model starts.
static START: LazyLock<std::time::Instant> = LazyLock::new(std::time::Instant::now);

/// Since the beginning of the execution, by the clock of the current thread.
fn time_of_model(at: &'static Location<'static>) -> Duration {
    kernel::asks_time(at);
    kernel::looks_at_the_clock(at);
    kernel::now()
}

/// `std::time::Instant`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant(std::time::Instant);

impl Instant {
    /// As in std.
    #[must_use]
    #[track_caller]
    pub fn now() -> Self {
        if kernel::active() {
            Self(*START + time_of_model(Location::caller()))
        } else {
            Self(std::time::Instant::now())
        }
    }

    /// As in std.
    #[must_use]
    #[track_caller]
    pub fn elapsed(&self) -> Duration {
        Self::now().duration_since(*self)
    }

    /// As in std.
    #[must_use]
    pub fn duration_since(&self, earlier: Self) -> Duration {
        self.0.duration_since(earlier.0)
    }

    /// As in std.
    #[must_use]
    pub fn checked_duration_since(&self, earlier: Self) -> Option<Duration> {
        self.0.checked_duration_since(earlier.0)
    }

    /// As in std.
    #[must_use]
    pub fn saturating_duration_since(&self, earlier: Self) -> Duration {
        self.0.saturating_duration_since(earlier.0)
    }

    /// As in std.
    #[must_use]
    pub fn checked_add(&self, duration: Duration) -> Option<Self> {
        self.0.checked_add(duration).map(Self)
    }

    /// As in std.
    #[must_use]
    pub fn checked_sub(&self, duration: Duration) -> Option<Self> {
        self.0.checked_sub(duration).map(Self)
    }
}

/// `std::time::SystemTime`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SystemTime(std::time::SystemTime);

/// `std::time::UNIX_EPOCH`, where the calendar of every model starts too.
pub const UNIX_EPOCH: SystemTime = SystemTime::UNIX_EPOCH;

impl SystemTime {
    /// As in std.
    pub const UNIX_EPOCH: Self = Self(std::time::UNIX_EPOCH);

    /// As in std.
    #[must_use]
    #[track_caller]
    pub fn now() -> Self {
        if kernel::active() {
            Self::UNIX_EPOCH + time_of_model(Location::caller())
        } else {
            Self(std::time::SystemTime::now())
        }
    }

    /// As in std.
    ///
    /// # Errors
    /// If `earlier` is later.
    pub fn duration_since(&self, earlier: Self) -> Result<Duration, SystemTimeError> {
        self.0.duration_since(earlier.0)
    }

    /// As in std.
    ///
    /// # Errors
    /// If it lies in the future.
    #[track_caller]
    pub fn elapsed(&self) -> Result<Duration, SystemTimeError> {
        Self::now().duration_since(*self)
    }

    /// As in std.
    #[must_use]
    pub fn checked_add(&self, duration: Duration) -> Option<Self> {
        self.0.checked_add(duration).map(Self)
    }

    /// As in std.
    #[must_use]
    pub fn checked_sub(&self, duration: Duration) -> Option<Self> {
        self.0.checked_sub(duration).map(Self)
    }
}

macro_rules! durations {
    ($($time:ident)*) => {
        $(
            impl Add<Duration> for $time {
                type Output = Self;

                fn add(self, duration: Duration) -> Self {
                    Self(self.0 + duration)
                }
            }

            impl AddAssign<Duration> for $time {
                fn add_assign(&mut self, duration: Duration) {
                    self.0 += duration;
                }
            }

            impl Sub<Duration> for $time {
                type Output = Self;

                fn sub(self, duration: Duration) -> Self {
                    Self(self.0 - duration)
                }
            }

            impl SubAssign<Duration> for $time {
                fn sub_assign(&mut self, duration: Duration) {
                    self.0 -= duration;
                }
            }
        )*
    };
}

durations!(Instant SystemTime);

impl Sub for Instant {
    type Output = Duration;

    fn sub(self, earlier: Self) -> Duration {
        self.duration_since(earlier)
    }
}
