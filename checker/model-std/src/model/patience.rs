//! Whether work that does not end is lost. What it was given decides, not how late it is: a
//! machine that is busy with other things must not turn a right solution into a hanging one.

use std::fs;
use std::time::Duration;

/// How long work may take that nothing keeps from running.
///
/// Time is counted in looks. A look counts where the work's threads were hardly kept waiting
/// for a processor since the one before: they ran, or slept of their own accord. How long a
/// thread was kept waiting is known when it runs again, and forgotten when it ends; so a look
/// does not count either where a thread is ready to run and hardly any of them ran. Work that
/// is kept waiting all the time has its processor time instead, of which it may use more.
#[derive(Debug)]
pub struct Patience {
    looks: u32,
    looks_allowed: u32,
    processor_time_allowed: Duration,
    at_first: Duration,
    used: Duration,
    waited: Option<Duration>,
}

impl Patience {
    /// What to let pass between two looks.
    pub const LOOK: Duration = Duration::from_millis(100);

    /// How much longer work may take where the system does not tell what keeps it waiting.
    const WITHOUT_STATISTICS: u32 = 6;
    /// Threads may use several processors, and a busy machine makes each step dearer.
    const PROCESSORS: u32 = 2;

    /// Begins now, with so much time for the work of all threads but the current one.
    #[must_use]
    pub fn of(time: Duration) -> Self {
        let waited = others().waited;
        let used = processor_time_of_others();
        let times = waited.map_or(Self::WITHOUT_STATISTICS, |_| 1);
        let looks = time.as_millis().div_ceil(Self::LOOK.as_millis());
        Self {
            looks: 0,
            looks_allowed: u32::try_from(looks)
                .unwrap_or(u32::MAX)
                .saturating_mul(times),
            processor_time_allowed: time * Self::PROCESSORS,
            at_first: used,
            used,
            waited,
        }
    }

    /// Looks, at the same thread that began, and tells whether the work is lost.
    pub fn is_at_its_end(&mut self) -> bool {
        let others = others();
        let kept = match (others.waited, self.waited) {
            (Some(now), Some(before)) => now.saturating_sub(before),
            _ => Duration::ZERO,
        };
        self.waited = others.waited;
        let used = processor_time_of_others();
        let ran = used.saturating_sub(self.used);
        self.used = used;
        let held_up = others.one_is_ready && ran < Self::LOOK / 2;
        if kept < Self::LOOK / 4 && !held_up {
            self.looks += 1;
        }
        let used = used.saturating_sub(self.at_first);
        self.looks >= self.looks_allowed || used >= self.processor_time_allowed
    }
}

/// This process's threads besides the current one, as the system tells of them.
#[derive(Debug, Default)]
struct Others {
    /// How long they were ready to run and did not, in all; `None` where the system does not
    /// tell.
    waited: Option<Duration>,
    /// Whether one of them runs or is ready to.
    one_is_ready: bool,
}

fn others() -> Others {
    // SAFETY: it has no preconditions.
    #[cfg(target_os = "linux")]
    let me = unsafe { libc::gettid() }.to_string();
    #[cfg(not(target_os = "linux"))]
    let me = String::new();
    let mut others = Others::default();
    let threads = fs::read_dir("/proc/self/task").into_iter().flatten();
    for thread in threads.flatten() {
        if thread.file_name() == *me {
            continue;
        }
        // A thread that has just ended has no files any more.
        let tells = |file: &str| fs::read_to_string(thread.path().join(file)).unwrap_or_default();
        // Behind the name, which may be any text in parentheses.
        let stat = tells("stat");
        let state = stat.rsplit(") ").next();
        others.one_is_ready |= state.is_some_and(|state| state.starts_with('R'));
        let schedstat = tells("schedstat");
        let mut nanoseconds = schedstat.split_whitespace().map(str::parse);
        // A kernel that keeps none says zero.
        if let (Some(Ok(1..)), Some(Ok(kept))) = (nanoseconds.next(), nanoseconds.next()) {
            let waited = others.waited.unwrap_or_default();
            others.waited = Some(waited + Duration::from_nanos(kept));
        }
    }
    others
}

/// The processor time that all threads of this process have used; `None` where the system does
/// not tell.
#[must_use]
pub fn processor_time() -> Option<Duration> {
    #[cfg(unix)]
    let used = read_clock(libc::CLOCK_PROCESS_CPUTIME_ID);
    #[cfg(not(unix))]
    let used = None;
    used
}

/// The processor time of this process without that of the current thread; nothing where the
/// system does not tell.
fn processor_time_of_others() -> Duration {
    #[cfg(unix)]
    let mine = read_clock(libc::CLOCK_THREAD_CPUTIME_ID);
    #[cfg(not(unix))]
    let mine = None;
    let all = processor_time().unwrap_or_default();
    all.saturating_sub(mine.unwrap_or_default())
}

#[cfg(unix)]
fn read_clock(clock: libc::clockid_t) -> Option<Duration> {
    let mut time = libc::timespec {
        tv_sec: 0,
        tv_nsec: 0,
    };
    // SAFETY: it may be written to.
    let status = unsafe { libc::clock_gettime(clock, &raw mut time) };
    let seconds = u64::try_from(time.tv_sec).ok()?;
    let nanoseconds = u32::try_from(time.tv_nsec).ok()?;
    (status == 0).then(|| Duration::new(seconds, nanoseconds))
}
