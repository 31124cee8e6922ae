//! Schedulers behind one interface: right ones, and wrong ones with one defect each. Most of
//! those are reject specimens of the stage before, as they are; the others lie beside this file.

use scheduler_under_test::{Closed, Scheduler};

/// Includes a scheduler from its file, and makes a way to start it of the same name.
macro_rules! schedulers {
    ($($name:ident in $file:literal,)*) => {$(
        #[path = $file]
        #[allow(dead_code, reason = "some of them have more than is asked for here")]
        mod $name;

        impl Scheduler for $name::Scheduler {
            fn submit_boxed(&self, work: Box<dyn FnOnce() + Send>) -> Result<(), Closed> {
                self.submit(work).map_err(|_| Closed)
            }

            fn shutdown(&self) {
                // The scheduler's own, which hides the one that is being defined.
                self.shutdown();
            }
        }

        pub fn $name(workers: usize) -> Box<dyn Scheduler> {
            Box::new($name::Scheduler::start(workers))
        }
    )*};
}

schedulers! {
    newest_first in "newest_first.rs",
    refused_and_run in "refused_and_run.rs",
    child_lost_at_the_end in "child_lost_at_the_end.rs",
    child_stays_with_its_worker in "child_stays_with_its_worker.rs",
    one_more_at_the_end in "one_more_at_the_end.rs",
    left_for_the_drop in "left_for_the_drop.rs",
    drop_looks_at_the_queue in "drop_looks_at_the_queue.rs",
    panic_passed_on in "panic_passed_on.rs",
    never_idle_again in "never_idle_again.rs",
    only_an_empty_queue_wakes in "../../../../solutions/sentinel-shutdown/specimens/reject/only_an_empty_queue_wakes.rs",
    zero_workers_accepted in "../../../../solutions/sentinel-shutdown/specimens/reject/zero_workers_accepted.rs",
    looks_before_it_locks in "../../../../solutions/sentinel-shutdown/specimens/reject/looks_before_it_locks.rs",
    hidden_guard in "../../../../solutions/sentinel-shutdown/specimens/reject/hidden_guard.rs",
    flag_and_blocking_receive in "../../../../solutions/sentinel-shutdown/specimens/reject/flag_and_blocking_receive.rs",
    flag_beside_the_mutex in "../../../../solutions/sentinel-shutdown/specimens/reject/flag_beside_the_mutex.rs",
    one_sentinel_for_all in "../../../../solutions/sentinel-shutdown/specimens/reject/one_sentinel_for_all.rs",
    send_and_join_in_one_loop in "../../../../solutions/sentinel-shutdown/specimens/reject/send_and_join_in_one_loop.rs",
    queue_cleared in "../../../../solutions/sentinel-shutdown/specimens/reject/queue_cleared.rs",
    empty_queue_is_the_end in "../../../../solutions/sentinel-shutdown/specimens/reject/empty_queue_is_the_end.rs",
    never_closed in "../../../../solutions/sentinel-shutdown/specimens/reject/never_closed.rs",
    two_sections_in_submit in "../../../../solutions/sentinel-shutdown/specimens/reject/two_sections_in_submit.rs",
    door_held_while_joining in "../../../../solutions/sentinel-shutdown/specimens/reject/door_held_while_joining.rs",
    second_shutdown_waits_for_ever in "../../../../solutions/sentinel-shutdown/specimens/reject/second_shutdown_waits_for_ever.rs",
    handles_taken_out in "../../../../solutions/sentinel-shutdown/specimens/reject/handles_taken_out.rs",
    drop_does_not_wait in "../../../../solutions/sentinel-shutdown/specimens/reject/drop_does_not_wait.rs",
    panic_kills_worker in "../../../../solutions/sentinel-shutdown/specimens/reject/panic_kills_worker.rs",
    poison_cascade in "../../../../solutions/sentinel-shutdown/specimens/reject/poison_cascade.rs",
}
