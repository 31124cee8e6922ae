//! The same small programs twice: over the schedulable std, and written by hand for loom.

macro_rules! programs {
    ($root:ident) => {
        use std::collections::VecDeque;
        use std::sync::Arc;
        use $root::sync::{Condvar, Mutex};
        use $root::thread::spawn;

        /// Two threads add to a counter twice each.
        pub fn counter() {
            let sum = Arc::new(Mutex::new(0));
            let threads = [(); 2].map(|()| {
                let sum = Arc::clone(&sum);
                spawn(move || {
                    for _ in 0..2 {
                        *sum.lock().unwrap() += 1;
                    }
                })
            });
            for thread in threads {
                thread.join().unwrap();
            }
            assert_eq!(*sum.lock().unwrap(), 4);
        }

        /// Two workers take three items from a queue that is then closed.
        pub fn queue() {
            struct State {
                items: VecDeque<u32>,
                closed: bool,
                taken: u32,
            }
            let shared = Arc::new((
                Mutex::new(State {
                    items: VecDeque::new(),
                    closed: false,
                    taken: 0,
                }),
                Condvar::new(),
            ));
            let workers = [(); 2].map(|()| {
                let shared = Arc::clone(&shared);
                spawn(move || {
                    loop {
                        let mut state = shared.0.lock().unwrap();
                        while state.items.is_empty() && !state.closed {
                            state = shared.1.wait(state).unwrap();
                        }
                        match state.items.pop_front() {
                            Some(_) => state.taken += 1,
                            None => return,
                        }
                    }
                })
            });
            for item in 0..3 {
                shared.0.lock().unwrap().items.push_back(item);
                shared.1.notify_one();
            }
            shared.0.lock().unwrap().closed = true;
            shared.1.notify_all();
            for worker in workers {
                worker.join().unwrap();
            }
            assert_eq!(shared.0.lock().unwrap().taken, 3);
        }
    };
}

/// Over the schedulable std.
pub mod on_model_std {
    programs!(model_std);
}

/// Written for loom. Its condvar wakes waiters in order of arrival only.
pub mod on_loom {
    programs!(loom);
}
