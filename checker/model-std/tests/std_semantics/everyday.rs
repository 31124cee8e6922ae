//! What programs do every day.

programs! {
    // Threads.
    join_returns_the_value: "7" => { thread::spawn(|| 7).join().unwrap() }
    join_returns_a_str_panic: "\"no\"" => {
        let payload = panic::catch_unwind(|| 0).and_then(|_| {
            thread::spawn(|| { if true { panic!("no") } }).join()
        }).unwrap_err();
        *payload.downcast::<&str>().unwrap()
    }
    join_returns_a_string_panic: "\"no 3\"" => {
        let n = 3;
        let payload = thread::spawn(move || { if n > 0 { panic!("no {n}") } }).join().unwrap_err();
        *payload.downcast::<String>().unwrap()
    }
    join_returns_any_payload: "5" => {
        *thread::spawn(|| panic::panic_any(5u8)).join().unwrap_err().downcast::<u8>().unwrap()
    }
    a_named_thread_knows_its_name: "Some(\"worker\")" => {
        thread::Builder::new().name("worker".into())
            .spawn(|| thread::current().name().map(str::to_owned)).unwrap().join().unwrap()
    }
    handles_know_their_thread: "true" => {
        let handle = thread::spawn(|| thread::current().id());
        let id = handle.thread().id();
        id == handle.join().unwrap() && id != thread::current().id()
    }
    many_short_threads_one_after_another: "20" => {
        (0..20).map(|_| thread::spawn(|| 1).join().unwrap()).sum::<i32>()
    }
    a_scope_joins_and_lends: "[1, 2, 3]" => {
        let mut data = vec![1, 2];
        let last = AtomicI32::new(0);
        thread::scope(|scope| { scope.spawn(|| last.store(3, SeqCst)); scope.spawn(|| data.len()); });
        data.push(last.load(SeqCst));
        data
    }
    a_scope_passes_on_an_unjoined_panic: "true" => {
        panic::catch_unwind(|| thread::scope(|scope| { scope.spawn(|| panic!("lost")); })).is_err()
    }
    a_scope_forgets_a_joined_panic: "(true, false)" => {
        let mut inner = false;
        let outer = panic::catch_unwind(panic::AssertUnwindSafe(|| thread::scope(|scope| {
            inner = scope.spawn(|| panic!("seen")).join().is_err();
        })));
        (inner, outer.is_err())
    }
    a_scope_waits_also_when_it_panics: "(1, true)" => {
        let n = AtomicUsize::new(0);
        let result = panic::catch_unwind(panic::AssertUnwindSafe(|| thread::scope(|scope| {
            scope.spawn(|| n.fetch_add(1, SeqCst));
            panic!("early");
        })));
        (n.load(SeqCst), result.is_err())
    }
    scoped_threads_spawn_in_their_scope: "2" => {
        let n = AtomicUsize::new(0);
        thread::scope(|scope| { scope.spawn(|| {
            n.fetch_add(1, SeqCst);
            scope.spawn(|| n.fetch_add(1, SeqCst));
        }); });
        n.load(SeqCst)
    }
    a_scoped_builder_names: "Some(\"s\")" => {
        thread::scope(|scope| thread::Builder::new().name("s".into())
            .spawn_scoped(scope, || thread::current().name().map(str::to_owned)).unwrap().join().unwrap())
    }
    finished_after_join_of_a_helper: "true" => {
        let (tx, rx) = mpsc::channel::<()>();
        let handle = thread::spawn(move || { let _ = rx.recv(); });
        let before = handle.is_finished();
        drop(tx);
        while !handle.is_finished() { thread::yield_now(); }
        !before
    }
    unpark_before_park_is_kept: "()" => {
        let me = thread::current();
        thread::spawn(move || me.unpark()).join().unwrap();
        thread::park()
    }
    park_waits_for_the_flag: "true" => {
        let flag = Arc::new(AtomicBool::new(false));
        let (seen, me) = (Arc::clone(&flag), thread::current());
        let other = thread::spawn(move || { seen.store(true, SeqCst); me.unpark(); });
        while !flag.load(SeqCst) { thread::park(); }
        other.join().unwrap();
        flag.load(SeqCst)
    }
    two_tokens_are_one: "true" => {
        let me = thread::current();
        me.unpark();
        me.unpark();
        thread::park();
        let start = Instant::now();
        thread::park_timeout(Duration::from_millis(5));
        start.elapsed() >= Duration::from_millis(4)
    }
    sleeping_takes_its_time: "true" => {
        let start = Instant::now();
        thread::sleep(Duration::from_millis(3));
        start.elapsed() >= Duration::from_millis(3)
    }
    nobody_panics_by_default: "false" => { thread::panicking() }
    a_destructor_knows_that_it_unwinds: "true" => {
        struct Tell<'a>(&'a AtomicBool);
        impl Drop for Tell<'_> {
            fn drop(&mut self) { self.0.store(thread::panicking(), SeqCst); }
        }
        let told = AtomicBool::new(false);
        let _ = panic::catch_unwind(panic::AssertUnwindSafe(|| { let _tell = Tell(&told); panic!("x") }));
        told.load(SeqCst) && !thread::panicking()
    }
    panicking_is_a_matter_of_one_thread: "(false, true)" => {
        struct Meet(mpsc::Sender<()>, mpsc::Receiver<()>);
        impl Drop for Meet {
            fn drop(&mut self) { self.0.send(()).unwrap(); self.1.recv().unwrap(); }
        }
        let (to_other, from_me) = mpsc::channel();
        let (to_me, from_other) = mpsc::channel();
        let unwinding = thread::spawn(move || { let _meet = Meet(to_other, from_other); panic!("x") });
        from_me.recv().unwrap();
        let seen = thread::panicking();
        to_me.send(()).unwrap();
        (seen, unwinding.join().is_err())
    }
    thread_locals_are_per_thread: "(1, 0, 1)" => {
        thread_local! { static N: Cell<u32> = const { Cell::new(0) }; static L: RefCell<Vec<u8>> = RefCell::new(Vec::new()); }
        N.with(|n| n.set(n.get() + 1));
        L.with_borrow_mut(|l| l.push(1));
        let other = thread::spawn(|| N.with(Cell::get)).join().unwrap();
        let result = (N.get(), other, L.with_borrow(Vec::len));
        N.set(0);
        L.take();
        result
    }
    resumed_panics_keep_their_payload: "\"again\"" => {
        let payload = panic::catch_unwind(|| panic::resume_unwind(Box::new("again"))).unwrap_err();
        *payload.downcast::<&str>().unwrap()
    }

    // Mutex and RwLock.
    a_mutex_counts: "2" => {
        let n = Arc::new(Mutex::new(0));
        let workers: Vec<_> = (0..2).map(|_| { let n = Arc::clone(&n); thread::spawn(move || *n.lock().unwrap() += 1) }).collect();
        for worker in workers { worker.join().unwrap(); }
        let n = *n.lock().unwrap();
        n
    }
    a_panicking_holder_poisons: "(true, true, 1)" => {
        let n = Arc::new(Mutex::new(0));
        let other = Arc::clone(&n);
        let _ = thread::spawn(move || { let mut guard = other.lock().unwrap(); *guard = 1; panic!("x") }).join();
        let value = *n.lock().unwrap_err().into_inner();
        (n.is_poisoned(), n.try_lock().is_err(), value)
    }
    a_caught_panic_poisons_too: "true" => {
        let n = Mutex::new(0);
        let _ = panic::catch_unwind(panic::AssertUnwindSafe(|| { let _guard = n.lock().unwrap(); panic!("x") }));
        n.lock().is_err()
    }
    poison_can_be_cleared: "(true, false)" => {
        let n = Mutex::new(0);
        let _ = panic::catch_unwind(panic::AssertUnwindSafe(|| { let _guard = n.lock().unwrap(); panic!("x") }));
        let before = n.is_poisoned();
        n.clear_poison();
        (before, n.lock().is_err())
    }
    another_threads_panic_poisons_nothing: "false" => {
        let n = Arc::new(Mutex::new(0));
        let other = thread::spawn(|| { panic!("elsewhere") });
        *n.lock().unwrap() += 1;
        let _: Result<(), _> = other.join();
        n.is_poisoned()
    }
    a_guard_taken_while_unwinding_does_not_poison: "false" => {
        struct Touch<'a>(&'a Mutex<u8>);
        impl Drop for Touch<'_> { fn drop(&mut self) { *self.0.lock().unwrap() += 1; } }
        let n = Mutex::new(0);
        let _ = panic::catch_unwind(panic::AssertUnwindSafe(|| { let _touch = Touch(&n); panic!("x") }));
        n.is_poisoned()
    }
    into_inner_and_get_mut: "(3, 4)" => {
        let mut n = Mutex::new(2);
        *n.get_mut().unwrap() = 3;
        (n.into_inner().unwrap(), RwLock::new(4).into_inner().unwrap())
    }
    try_lock_fails_while_held: "(true, true)" => {
        let n = Mutex::new(0);
        let guard = n.lock().unwrap();
        let held = matches!(n.try_lock(), Err(TryLockError::WouldBlock));
        drop(guard);
        let free = n.try_lock().is_ok();
        (held, free)
    }
    readers_share: "2" => {
        let lock = RwLock::new(2);
        let (one, two) = (lock.read().unwrap(), lock.read().unwrap());
        assert_eq!(*one, *two);
        assert!(lock.try_write().is_err());
        *one
    }
    writers_exclude: "(true, true)" => {
        let lock = RwLock::new(0);
        let writer = lock.write().unwrap();
        (lock.try_read().is_err(), lock.try_write().is_err() && *writer == 0)
    }
    a_reader_does_not_poison_a_writer_does: "(false, true)" => {
        let lock = RwLock::new(0);
        let _ = panic::catch_unwind(panic::AssertUnwindSafe(|| { let _guard = lock.read().unwrap(); panic!("x") }));
        let read = lock.is_poisoned();
        let _ = panic::catch_unwind(panic::AssertUnwindSafe(|| { let _guard = lock.write().unwrap(); panic!("x") }));
        (read, lock.is_poisoned())
    }
    a_rwlock_counts: "2" => {
        let n = Arc::new(RwLock::new(0));
        let workers: Vec<_> = (0..2).map(|_| { let n = Arc::clone(&n); thread::spawn(move || { *n.write().unwrap() += 1; *n.read().unwrap() }) }).collect();
        for worker in workers { worker.join().unwrap(); }
        *n.read().unwrap()
    }
    locks_print_as_std_prints_them: "(\"Mutex { data: 1, poisoned: false, .. }\", \"1\")" => {
        let n = Mutex::new(1);
        (format!("{n:?}"), format!("{:?}", n.lock().unwrap()))
    }

    // Condvar.
    a_condvar_hands_over: "true" => {
        let pair = Arc::new((Mutex::new(false), Condvar::new()));
        let other = Arc::clone(&pair);
        let setter = thread::spawn(move || { *other.0.lock().unwrap() = true; other.1.notify_one(); });
        let mut ready = pair.0.lock().unwrap();
        while !*ready { ready = pair.1.wait(ready).unwrap(); }
        let seen = *ready;
        drop(ready);
        setter.join().unwrap();
        seen
    }
    wait_while_waits: "3" => {
        let pair = Arc::new((Mutex::new(0), Condvar::new()));
        let other = Arc::clone(&pair);
        let setter = thread::spawn(move || { *other.0.lock().unwrap() = 3; other.1.notify_all(); });
        let value = *pair.1.wait_while(pair.0.lock().unwrap(), |n| *n == 0).unwrap();
        setter.join().unwrap();
        value
    }
    notify_all_wakes_everyone: "2" => {
        let shared = Arc::new((Mutex::new(false), Condvar::new()));
        let waiters: Vec<_> = (0..2).map(|_| { let shared = Arc::clone(&shared); thread::spawn(move || {
            drop(shared.1.wait_while(shared.0.lock().unwrap(), |open| !*open).unwrap());
            1
        }) }).collect();
        *shared.0.lock().unwrap() = true;
        shared.1.notify_all();
        waiters.into_iter().map(|waiter| waiter.join().unwrap()).sum::<i32>()
    }
    a_timed_wait_ends_alone: "true" => {
        let lock = Mutex::new(());
        let (_guard, result) = Condvar::new().wait_timeout(lock.lock().unwrap(), Duration::from_millis(2)).unwrap();
        result.timed_out()
    }
    a_timed_wait_while_sees_the_condition: "(true, false)" => {
        let (lock, condvar) = (Mutex::new(0), Condvar::new());
        let short = Duration::from_millis(2);
        let out = condvar.wait_timeout_while(lock.lock().unwrap(), short, |n| *n == 0).unwrap().1.timed_out();
        let met = condvar.wait_timeout_while(lock.lock().unwrap(), short, |n| *n == 1).unwrap().1.timed_out();
        (out, met)
    }

    // Channels.
    a_channel_keeps_order: "[1, 2, 3]" => {
        let (tx, rx) = mpsc::channel();
        let sender = thread::spawn(move || { for n in 1..=3 { tx.send(n).unwrap(); } });
        let all: Vec<i32> = rx.iter().collect();
        sender.join().unwrap();
        all
    }
    a_receiver_hears_the_last_sender_go: "true" => {
        let (tx, rx) = mpsc::channel::<u8>();
        let other = tx.clone();
        thread::scope(|scope| { scope.spawn(move || drop(tx)); scope.spawn(move || drop(other)); rx.recv().is_err() })
    }
    a_sender_hears_the_receiver_go: "Err(SendError { .. })" => {
        let (tx, rx) = mpsc::channel();
        drop(rx);
        tx.send(1)
    }
    try_recv_tells_empty_from_hung_up: "(Err(Empty), Ok(1), Err(Disconnected))" => {
        let (tx, rx) = mpsc::channel();
        let empty = rx.try_recv();
        tx.send(1).unwrap();
        let one = rx.try_recv();
        drop(tx);
        let gone = rx.try_recv();
        assert_eq!(gone, Err(TryRecvError::Disconnected));
        (empty, one, gone)
    }
    what_was_sent_outlives_the_sender: "[1, 2]" => {
        let (tx, rx) = mpsc::channel();
        tx.send(1).unwrap();
        tx.send(2).unwrap();
        drop(tx);
        rx.into_iter().collect::<Vec<_>>()
    }
    recv_timeout_times_out_and_hears_hang_ups: "(true, true)" => {
        let (tx, rx) = mpsc::channel::<u8>();
        let short = Duration::from_millis(2);
        let out = rx.recv_timeout(short) == Err(RecvTimeoutError::Timeout);
        drop(tx);
        (out, rx.recv_timeout(short) == Err(RecvTimeoutError::Disconnected))
    }
    a_bounded_channel_fills: "(true, [1, 2])" => {
        let (tx, rx) = mpsc::sync_channel(1);
        tx.send(1).unwrap();
        let full = matches!(tx.try_send(9), Err(TrySendError::Full(9)));
        let sender = thread::spawn(move || tx.send(2).unwrap());
        let all: Vec<i32> = rx.iter().collect();
        sender.join().unwrap();
        (full, all)
    }
    a_rendezvous_meets: "5" => {
        let (tx, rx) = mpsc::sync_channel(0);
        let sender = thread::spawn(move || tx.send(5).unwrap());
        let value = rx.recv().unwrap();
        sender.join().unwrap();
        value
    }
    a_rendezvous_gives_its_item_back: "true" => {
        let (tx, rx) = mpsc::sync_channel(0);
        let receiver = thread::spawn(move || drop(rx));
        let back = tx.send(5).is_err();
        receiver.join().unwrap();
        back
    }
    workers_share_a_receiver: "6" => {
        let (tx, rx) = mpsc::channel();
        let rx = Arc::new(Mutex::new(rx));
        let workers: Vec<_> = (0..2).map(|_| { let rx = Arc::clone(&rx); thread::spawn(move || {
            let mut sum = 0;
            loop {
                let next = rx.lock().unwrap().recv();
                match next { Ok(n) => sum += n, Err(_) => return sum }
            }
        }) }).collect();
        for n in 1..=3 { tx.send(n).unwrap(); }
        drop(tx);
        workers.into_iter().map(|worker| worker.join().unwrap()).sum::<i32>()
    }

    // Once, OnceLock, LazyLock, Barrier.
    one_thread_initialises: "(1, 1)" => {
        let (cell, calls) = (OnceLock::new(), AtomicUsize::new(0));
        thread::scope(|scope| { for _ in 0..2 { scope.spawn(|| cell.get_or_init(|| calls.fetch_add(1, SeqCst) + 1)); } });
        (*cell.get().unwrap(), calls.load(SeqCst))
    }
    a_once_lock_is_set_once: "(Ok(()), Err(2), Some(1))" => {
        let cell = OnceLock::new();
        (cell.set(1), cell.set(2), cell.get().copied())
    }
    a_failed_initialisation_is_tried_again: "(true, 2)" => {
        let cell = OnceLock::new();
        let failed = panic::catch_unwind(panic::AssertUnwindSafe(|| { cell.get_or_init(|| panic!("x")); })).is_err();
        (failed, *cell.get_or_init(|| 2))
    }
    a_lazy_lock_computes_once: "(2, 1)" => {
        let calls = AtomicUsize::new(0);
        let lazy = LazyLock::new(|| calls.fetch_add(1, SeqCst) + 1);
        let sum = thread::scope(|scope| {
            let other = scope.spawn(|| *lazy);
            *lazy + other.join().unwrap()
        });
        (sum, calls.load(SeqCst))
    }
    call_once_calls_once: "(1, true)" => {
        let (once, calls) = (Once::new(), AtomicUsize::new(0));
        thread::scope(|scope| { for _ in 0..2 { scope.spawn(|| once.call_once(|| { calls.fetch_add(1, SeqCst); })); } });
        (calls.load(SeqCst), once.is_completed())
    }
    a_barrier_has_one_leader: "1" => {
        let barrier = Barrier::new(2);
        thread::scope(|scope| {
            let other = scope.spawn(|| barrier.wait().is_leader());
            usize::from(barrier.wait().is_leader()) + usize::from(other.join().unwrap())
        })
    }
    a_barrier_opens_again: "2" => {
        let barrier = Barrier::new(2);
        thread::scope(|scope| {
            scope.spawn(|| { barrier.wait(); barrier.wait(); });
            barrier.wait();
            barrier.wait();
            2
        })
    }

    // Atomics, Arc and collections.
    atomics_add_up: "2" => {
        let n = AtomicUsize::new(0);
        thread::scope(|scope| { for _ in 0..2 { scope.spawn(|| n.fetch_add(1, Relaxed)); } });
        n.load(SeqCst)
    }
    exchange_succeeds_for_one: "1" => {
        let taken = AtomicBool::new(false);
        thread::scope(|scope| {
            let claim = || usize::from(taken.compare_exchange(false, true, AcqRel, Acquire).is_ok());
            let other = scope.spawn(claim);
            claim() + other.join().unwrap()
        })
    }
    a_weak_exchange_loop_ends: "2" => {
        let n = AtomicUsize::new(0);
        let add = || { while n.compare_exchange_weak(n.load(SeqCst), n.load(SeqCst) + 1, SeqCst, SeqCst).is_err() {} };
        thread::scope(|scope| { scope.spawn(|| n.fetch_update(SeqCst, SeqCst, |n| Some(n + 1)).unwrap()); });
        add();
        n.load(SeqCst)
    }
    a_message_passes: "7" => {
        let (data, ready) = (AtomicUsize::new(0), AtomicBool::new(false));
        thread::scope(|scope| {
            scope.spawn(|| { data.store(7, Relaxed); ready.store(true, Release); });
            while !ready.load(Acquire) { hint::spin_loop(); }
            data.load(Relaxed)
        })
    }
    a_flag_is_polled_without_a_hint: "true" => {
        let ready = AtomicBool::new(false);
        thread::scope(|scope| { scope.spawn(|| ready.store(true, SeqCst)); while !ready.load(SeqCst) {} true })
    }
    two_pollers_wait_for_one: "2" => {
        let ready = Mutex::new(false);
        thread::scope(|scope| {
            let poll = || { while !*ready.lock().unwrap() { thread::sleep(Duration::from_millis(1)); } 1 };
            let (one, two) = (scope.spawn(poll), scope.spawn(poll));
            *ready.lock().unwrap() = true;
            one.join().unwrap() + two.join().unwrap()
        })
    }
    arcs_are_std_arcs: "(2, 1, None)" => {
        let one: Arc<dyn Fn() -> u8 + Send + Sync> = Arc::new(|| 1);
        let two = Arc::clone(&one);
        let counted = Arc::strong_count(&one);
        let called = thread::spawn(move || two()).join().unwrap();
        let weak: Weak<Mutex<u8>> = Arc::downgrade(&Arc::new(Mutex::new(0)));
        (counted, called, weak.upgrade().map(|_| ()))
    }
    maps_and_sets_work: "(2, Some(1), [(\"a\", 1)], true)" => {
        let mut map = HashMap::new();
        *map.entry("a").or_insert(0) += 1;
        let copy: HashMap<&str, i32> = map.clone().into_iter().collect();
        map.insert("b", 2);
        let set: HashSet<_> = map.keys().copied().collect();
        let mut left: Vec<_> = copy.iter().map(|(k, v)| (*k, *v)).collect();
        left.sort();
        let mut queue = VecDeque::from([1]);
        queue.push_back(2);
        (set.len(), map.remove("a"), left, map["b"] == 2)
    }
    printing_evaluates_its_arguments_once: "(2, \"[3]\")" => {
        let counter = AtomicUsize::new(0);
        println!("{} and {}", counter.fetch_add(1, SeqCst), counter.fetch_add(1, SeqCst));
        let moved = vec![3];
        let text = |moved: Vec<i32>| format!("{moved:?}");
        eprint!("{}", text(moved.clone()));
        (counter.load(SeqCst), text(moved))
    }
}
