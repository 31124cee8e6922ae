//! What programs do now and then.

programs! {
    // Threads.
    thread_ids_are_keys: "2" => {
        let ids: HashSet<_> = [thread::current().id(), thread::spawn(|| thread::current().id()).join().unwrap()].into();
        ids.len()
    }
    an_unnamed_thread_has_no_name: "None" => {
        thread::spawn(|| thread::current().name().map(str::to_owned)).join().unwrap()
    }
    a_thread_returns_what_it_borrowed_from_an_arc: "[1, 2]" => {
        let data = Arc::new(vec![1, 2]);
        let other = Arc::clone(&data);
        thread::spawn(move || other.to_vec()).join().unwrap()
    }
    a_detached_thread_still_delivers: "4" => {
        let (sender, receiver) = mpsc::channel();
        drop(thread::spawn(move || sender.send(4).unwrap()));
        receiver.recv().unwrap()
    }
    threads_spawn_threads: "3" => {
        thread::spawn(|| 1 + thread::spawn(|| 2).join().unwrap()).join().unwrap()
    }
    a_builder_takes_a_stack_size: "1" => {
        thread::Builder::new().stack_size(256 * 1024).spawn(|| 1).unwrap().join().unwrap()
    }
    a_scope_returns_the_closures_value: "6" => {
        thread::scope(|scope| {
            let handle = scope.spawn(|| 2);
            handle.join().unwrap() * 3
        })
    }
    scoped_handles_are_finished_after_a_join: "(true, 1)" => {
        thread::scope(|scope| {
            let first = scope.spawn(|| 1);
            let id = first.thread().id();
            let value = first.join().unwrap();
            (id != thread::current().id(), value)
        })
    }
    scoped_threads_share_a_lock_on_the_stack: "3" => {
        let sum = Mutex::new(0);
        thread::scope(|scope| {
            for n in 1..=2 {
                let sum = &sum;
                scope.spawn(move || *sum.lock().unwrap() += n);
            }
        });
        sum.into_inner().unwrap()
    }
    park_with_a_timeout_ends_alone: "true" => {
        let start = Instant::now();
        thread::park_timeout(Duration::from_millis(2));
        start.elapsed() >= Duration::ZERO
    }
    park_with_a_timeout_takes_a_token: "()" => {
        thread::current().unpark();
        thread::park_timeout(Duration::from_secs(3600))
    }
    yielding_is_harmless: "1" => {
        let handle = thread::spawn(|| { thread::yield_now(); 1 });
        thread::yield_now();
        handle.join().unwrap()
    }
    some_parallelism_is_available: "true" => {
        thread::available_parallelism().unwrap().get() >= 1
    }
    a_panic_in_a_panicking_threads_join_is_told_apart: "(true, false)" => {
        let bad = thread::spawn(|| { if true { panic!("no") } });
        let good = thread::spawn(|| ());
        (bad.join().is_err(), good.join().is_err())
    }
    unwinding_runs_destructors_in_order: "[2, 1]" => {
        let seen = Arc::new(Mutex::new(Vec::new()));
        struct Says(u8, Arc<Mutex<Vec<u8>>>);
        impl Drop for Says {
            fn drop(&mut self) { self.1.lock().unwrap().push(self.0); }
        }
        let other = Arc::clone(&seen);
        let ended = thread::spawn(move || {
            let _one = Says(1, Arc::clone(&other));
            let _two = Says(2, other);
            panic!("no");
        }).join();
        let seen = seen.lock().unwrap().clone();
        ended.unwrap_err();
        seen
    }
    catching_gives_the_value: "Ok(3)" => { panic::catch_unwind(|| 3).map_err(|_| ()) }
    a_nested_catch_catches_the_inner_panic: "(true, true)" => {
        let outer = panic::catch_unwind(|| {
            let inner = panic::catch_unwind(|| panic!("inner"));
            inner.is_err()
        });
        (outer.unwrap(), !thread::panicking())
    }

    // Thread locals.
    a_const_thread_local_counts: "(2, 0)" => {
        thread_local! { static COUNT: Cell<u32> = const { Cell::new(0) }; }
        COUNT.set(COUNT.get() + 2);
        (COUNT.get(), thread::spawn(|| COUNT.get()).join().unwrap())
    }
    a_thread_local_ref_cell_has_shortcuts: "([1], [1, 2], [])" => {
        thread_local! { static LIST: RefCell<Vec<u8>> = RefCell::new(vec![1]); }
        let before = LIST.with_borrow(Vec::clone);
        LIST.with_borrow_mut(|list| list.push(2));
        let after = LIST.take();
        LIST.set(Vec::new());
        (before, after, LIST.with(|list| list.borrow().clone()))
    }
    a_thread_local_cell_is_replaced: "(1, 2)" => {
        thread_local! { static VALUE: Cell<u8> = Cell::new(1); }
        let before = VALUE.replace(2);
        (before, VALUE.get())
    }
    a_thread_local_is_dropped_with_its_thread: "true" => {
        struct Sets(Arc<AtomicBool>);
        impl Drop for Sets {
            fn drop(&mut self) { self.0.store(true, SeqCst); }
        }
        thread_local! { static KEPT: RefCell<Option<Sets>> = const { RefCell::new(None) }; }
        let gone = Arc::new(AtomicBool::new(false));
        let other = Arc::clone(&gone);
        thread::spawn(move || KEPT.set(Some(Sets(other)))).join().unwrap();
        gone.load(SeqCst)
    }
    two_thread_locals_in_one_macro: "(1, 2)" => {
        thread_local! {
            static ONE: Cell<u8> = const { Cell::new(1) };
            static TWO: Cell<u8> = Cell::new(2);
        }
        (ONE.get(), TWO.with(Cell::get))
    }

    // Locks.
    a_static_counter_is_shared: "1" => {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        thread::spawn(|| COUNT.fetch_add(1, Relaxed)).join().unwrap();
        let seen = COUNT.load(Relaxed);
        COUNT.store(0, Relaxed);
        seen
    }
    a_mutex_of_a_slice: "3" => {
        let lock: &Mutex<[u8]> = &Mutex::new([1, 2, 3]);
        lock.lock().unwrap().len()
    }
    a_default_mutex_is_the_default: "(0, 5)" => { (Mutex::<u8>::default().into_inner().unwrap(), *Mutex::from(5).lock().unwrap()) }
    a_poisoned_lock_still_gives_its_value: "(true, 1)" => {
        let lock = Arc::new(Mutex::new(0));
        let other = Arc::clone(&lock);
        let _ = thread::spawn(move || { *other.lock().unwrap() = 1; let _held = other.lock().unwrap(); panic!("no") }).join();
        let value = match lock.lock() { Ok(_) => 0, Err(poisoned) => *poisoned.into_inner() };
        (lock.is_poisoned(), value)
    }
    try_lock_tells_poison_from_contention: "(\"held\", \"poisoned\")" => {
        let lock = Mutex::new(());
        let say = || match lock.try_lock() {
            Ok(_) => "free",
            Err(TryLockError::WouldBlock) => "held",
            Err(TryLockError::Poisoned(_)) => "poisoned",
        };
        let held = lock.lock().unwrap();
        let first = say();
        drop(held);
        let _ = panic::catch_unwind(panic::AssertUnwindSafe(|| { let _held = lock.lock().unwrap(); panic!("no") }));
        (first, say())
    }
    a_guard_is_passed_to_a_function: "2" => {
        fn add(mut guard: sync::MutexGuard<'_, u8>) -> u8 { *guard += 1; *guard }
        add(Mutex::new(1).lock().unwrap())
    }
    a_guard_lives_to_the_end_of_a_match: "\"held\"" => {
        let lock = Mutex::new(1);
        match *lock.lock().unwrap() {
            1 => if lock.try_lock().is_err() { "held" } else { "free" },
            _ => "other",
        }
    }
    a_guard_of_a_let_is_gone_after_the_statement: "\"free\"" => {
        let lock = Mutex::new(1);
        let _value = *lock.lock().unwrap();
        if lock.try_lock().is_err() { "held" } else { "free" }
    }
    try_read_and_try_write: "(true, false, true)" => {
        let lock = RwLock::new(());
        let reader = lock.read().unwrap();
        let (read, write) = (lock.try_read().is_ok(), lock.try_write().is_ok());
        drop(reader);
        (read, write, lock.try_write().is_ok())
    }
    a_rwlock_gives_its_value_away: "[1, 2]" => {
        let lock = RwLock::new(vec![1]);
        lock.write().unwrap().push(2);
        lock.into_inner().unwrap()
    }

    // Condvars.
    a_wait_while_returns_at_once_when_it_need_not_wait: "3" => {
        let lock = Mutex::new(3);
        *Condvar::new().wait_while(lock.lock().unwrap(), |n| *n == 0).unwrap()
    }
    notifying_nobody_does_nothing: "()" => { let condvar = Condvar::new(); condvar.notify_one(); condvar.notify_all() }
    two_kinds_of_waiter_on_two_condvars: "[1, 2]" => {
        let shared = Arc::new((Mutex::new(VecDeque::new()), Condvar::new(), Condvar::new()));
        let other = Arc::clone(&shared);
        let producer = thread::spawn(move || for n in 1..=2 {
            let queue = other.0.lock().unwrap();
            let mut queue = other.2.wait_while(queue, |queue| !queue.is_empty()).unwrap();
            queue.push_back(n);
            other.1.notify_one();
        });
        let taken: Vec<u8> = (0..2).map(|_| {
            let queue = shared.0.lock().unwrap();
            let mut queue = shared.1.wait_while(queue, |queue| queue.is_empty()).unwrap();
            shared.2.notify_one();
            queue.pop_front().unwrap()
        }).collect();
        producer.join().unwrap();
        taken
    }
    a_wait_that_is_notified_has_not_timed_out: "true" => {
        let shared = Arc::new((Mutex::new(false), Condvar::new()));
        let other = Arc::clone(&shared);
        let setter = thread::spawn(move || { *other.0.lock().unwrap() = true; other.1.notify_all(); });
        let mut ready = shared.0.lock().unwrap();
        while !*ready {
            ready = shared.1.wait_timeout(ready, Duration::from_millis(5)).unwrap().0;
        }
        let seen = *ready;
        drop(ready);
        setter.join().unwrap();
        seen
    }

    // Channels.
    a_receiver_is_an_iterator: "([1, 2], [3])" => {
        let (sender, receiver) = mpsc::channel();
        for n in 1..=3 { sender.send(n).unwrap(); }
        let first: Vec<u8> = receiver.iter().take(2).collect();
        drop(sender);
        let rest: Vec<u8> = receiver.into_iter().collect();
        (first, rest)
    }
    try_iter_takes_what_is_there: "[1]" => {
        let (sender, receiver) = mpsc::channel();
        sender.send(1).unwrap();
        receiver.try_iter().collect::<Vec<u8>>()
    }
    a_loop_over_a_receiver_ends_with_the_senders: "6" => {
        let (sender, receiver) = mpsc::channel();
        let threads: Vec<_> = (1..=2).map(|n| {
            let sender = sender.clone();
            thread::spawn(move || sender.send(n * 2).unwrap())
        }).collect();
        drop(sender);
        let mut sum = 0;
        for n in &receiver { sum += n; }
        for thread in threads { thread.join().unwrap(); }
        sum
    }
    a_refused_message_comes_back: "7" => {
        let (sender, receiver) = mpsc::channel();
        drop(receiver);
        sender.send(7).unwrap_err().0
    }
    a_full_channel_refuses_politely: "(true, true)" => {
        let (sender, receiver) = mpsc::sync_channel(1);
        sender.try_send(1).unwrap();
        let full = matches!(sender.try_send(2), Err(TrySendError::Full(2)));
        drop(receiver);
        (full, matches!(sender.try_send(3), Err(TrySendError::Disconnected(3))))
    }
    a_hung_up_receiver_wakes_a_blocked_sender: "true" => {
        let (sender, receiver) = mpsc::sync_channel(0);
        let thread = thread::spawn(move || sender.send(1).is_err());
        drop(receiver);
        thread.join().unwrap()
    }
    recv_timeout_of_nothing: "Err(Disconnected)" => {
        let (sender, receiver) = mpsc::channel::<u8>();
        drop(sender);
        receiver.recv_timeout(Duration::from_millis(1))
    }
    a_channel_carries_closures: "42" => {
        let (sender, receiver) = mpsc::channel::<Box<dyn FnOnce() -> u8 + Send>>();
        let worker = thread::spawn(move || receiver.recv().unwrap()());
        sender.send(Box::new(|| 42)).unwrap();
        worker.join().unwrap()
    }

    // Once and for all.
    call_once_force_sees_the_poison: "(true, true)" => {
        let once = Once::new();
        let _ = panic::catch_unwind(panic::AssertUnwindSafe(|| once.call_once(|| panic!("no"))));
        let mut poisoned = false;
        once.call_once_force(|state| poisoned = state.is_poisoned());
        (poisoned, once.is_completed())
    }
    a_once_lock_is_emptied: "(Some(1), None, Ok(()))" => {
        let mut cell = OnceLock::new();
        cell.set(1).unwrap();
        let taken = cell.take();
        (taken, cell.get().copied(), cell.set(2))
    }
    a_once_lock_comes_full: "(5, Some(5))" => {
        let mut cell = OnceLock::from(5);
        let seen = *cell.get_or_init(|| 6);
        cell.get_mut();
        (seen, cell.into_inner())
    }
    a_lazy_lock_is_forced: "3" => { *LazyLock::force(&LazyLock::new(|| 3)) }

    // Atomics.
    fetches_return_what_was_there: "[5, 7, 3, 3, 11, 11, 9]" => {
        let n = AtomicI32::new(5);
        let mut seen = vec![n.fetch_add(2, SeqCst), n.fetch_sub(4, SeqCst), n.fetch_max(1, SeqCst)];
        seen.extend([n.fetch_or(8, SeqCst), n.fetch_min(20, SeqCst), n.fetch_xor(2, SeqCst), n.load(SeqCst)]);
        seen
    }
    flags_are_combined: "[true, false, true, true]" => {
        let flag = AtomicBool::new(true);
        vec![flag.fetch_and(false, SeqCst), flag.fetch_or(true, SeqCst), flag.swap(true, SeqCst), !flag.fetch_nand(true, SeqCst) || flag.fetch_xor(true, SeqCst) || true]
    }
    fetch_update_stops_where_it_is_told: "(Ok(2), Err(3))" => {
        let n = AtomicUsize::new(2);
        let up = |n: usize| (n < 3).then_some(n + 1);
        (n.fetch_update(SeqCst, SeqCst, up), n.fetch_update(SeqCst, SeqCst, up))
    }
    an_exchange_says_what_it_found: "(Ok(1), Err(2))" => {
        let n = AtomicUsize::new(1);
        (n.compare_exchange(1, 2, AcqRel, Acquire), n.compare_exchange(1, 3, AcqRel, Acquire))
    }
    an_atomic_pointer_moves: "(1, 2)" => {
        let (mut one, mut two) = (1, 2);
        let pointer = sync::atomic::AtomicPtr::new(&raw mut one);
        let before = pointer.swap(&raw mut two, SeqCst);
        // SAFETY: both pointers are to values that outlive these reads.
        unsafe { (*before, *pointer.load(SeqCst)) }
    }
    small_atomics_wrap: "(255, 0)" => {
        let n = sync::atomic::AtomicU8::new(255);
        (n.fetch_add(1, Relaxed), n.into_inner())
    }
    a_fence_is_a_fence: "1" => {
        let n = AtomicUsize::new(1);
        sync::atomic::fence(SeqCst);
        sync::atomic::compiler_fence(SeqCst);
        hint::spin_loop();
        n.load(Relaxed)
    }

    // Shared ownership.
    make_mut_copies_what_is_shared: "([1], [1, 2])" => {
        let mut mine = Arc::new(vec![1]);
        let theirs = Arc::clone(&mine);
        Arc::make_mut(&mut mine).push(2);
        (theirs.to_vec(), mine.to_vec())
    }
    the_last_owner_unwraps: "Ok(3)" => {
        let value = Arc::new(Mutex::new(3));
        let other = Arc::clone(&value);
        thread::spawn(move || drop(other)).join().unwrap();
        Arc::try_unwrap(value).map(|lock| lock.into_inner().unwrap()).map_err(|_| ())
    }
    an_arc_of_itself: "true" => {
        struct Node { me: Weak<Node> }
        let node = Arc::new_cyclic(|me| Node { me: me.clone() });
        Arc::ptr_eq(&node, &node.me.upgrade().unwrap())
    }

    // Time.
    time_goes_on: "true" => {
        let start = Instant::now();
        thread::sleep(Duration::from_millis(3));
        start.elapsed() >= Duration::from_millis(3) && Instant::now() > start
    }
    instants_are_compared: "(true, true)" => {
        let start = Instant::now();
        let later = start + Duration::from_secs(1);
        (later > start, later.duration_since(start) == Duration::from_secs(1))
    }
    the_system_clock_is_after_1970: "true" => {
        time::SystemTime::now().duration_since(time::UNIX_EPOCH).is_ok()
    }
}
