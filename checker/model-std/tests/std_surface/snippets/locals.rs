//! `thread_local!` and what happens to the values when a thread ends.

use super::std;

use std::cell::{Cell, RefCell};
use std::sync::{Arc, Mutex};
use std::thread::{self, AccessError, LocalKey};
use std::thread_local;

/// What happened, in the order in which it did.
type Log = Arc<Mutex<Vec<String>>>;

/// Says when it is dropped, and does something then.
struct Says(&'static str, Log, fn(&Log));

impl Drop for Says {
    fn drop(&mut self) {
        self.1.lock().unwrap().push(self.0.to_owned());
        (self.2)(&self.1);
    }
}

thread_local! {
    static COUNT: Cell<u32> = const { Cell::new(1) };
    static NEVER: Cell<i32> = panic!("nobody asked for it");
    static NEITHER: RefCell<Vec<i32>> = panic!("nobody asked for it");
    static A: RefCell<Option<Says>> = const { RefCell::new(None) };
    static B: RefCell<Option<Says>> = RefCell::new(None);
    static C: RefCell<Option<Says>> = RefCell::new(None);
}

/// Does `work` on a thread that ends, and tells what happened.
fn on_a_thread(work: fn(&Log)) -> Vec<String> {
    let log = Log::default();
    let other = Arc::clone(&log);
    thread::spawn(move || work(&other)).join().unwrap();
    let seen = log.lock().unwrap().clone();
    seen
}

fn quiet(_: &Log) {}

snippets! { EVERYWHERE:
    setting_a_cell_does_not_initialise => {
        thread::spawn(|| { NEVER.set(1); NEVER.set(NEVER.get() + 1); NEVER.replace(5) + NEVER.take() }).join().unwrap()
    }
    setting_a_ref_cell_does_not_initialise => {
        thread::spawn(|| { NEITHER.set(vec![1]); NEITHER.set(vec![2]); NEITHER.with_borrow(Vec::clone) }).join().unwrap()
    }
    setting_a_key_of_ones_own_does_not_initialise => {
        std::thread_local!(static X: Cell<i32> = panic!());
        X.set(1);
        X.get()
    }
    shortcuts => {
        thread_local!(static LIST: RefCell<Vec<u8>> = RefCell::new(vec![1]));
        LIST.set(vec![1]);
        LIST.with_borrow_mut(|list| list.push(2));
        let before = LIST.replace(vec![3]);
        (before, LIST.take(), LIST.with_borrow(Vec::len))
    }
    a_key_is_passed_on => {
        fn bump(key: &'static LocalKey<Cell<u32>>) -> u32 { key.set(key.get() + 1); key.get() }
        thread_local!(static N: Cell<u32> = const { Cell::new(0) });
        thread_local!(static M: Cell<u32> = Cell::new(5));
        N.set(0);
        M.set(5);
        let keys: [&'static LocalKey<Cell<u32>>; 2] = [&M, &N];
        (bump(&N), keys.map(bump)[0], LocalKey::with(&N, Cell::get), format!("{N:?} {M:?}"))
    }
    names_in_the_initialiser_are_the_programs => {
        fn init() -> u8 { REAL + 1 }
        const REAL: u8 = 4;
        thread_local!(pub(crate) static VALUE: u8 = init());
        VALUE.with(|value| *value)
    }
    many_in_one_macro => {
        thread_local! {
            /// With a doc.
            pub static ONE: u8 = const { 1 };
            #[allow(non_upper_case_globals)]
            static TWO: String = "2".to_owned();
        }
        thread_local! {}
        (ONE.with(|one| *one), TWO.with(Clone::clone))
    }
    the_youngest_is_dropped_first => {
        on_a_thread(|log| {
            A.set(Some(Says("a", log.clone(), quiet)));
            B.set(Some(Says("b", log.clone(), quiet)));
            C.set(Some(Says("c", log.clone(), quiet)));
        })
    }
    the_order_of_first_use_counts => {
        on_a_thread(|log| {
            C.with(|_| ());
            A.set(Some(Says("a", log.clone(), quiet)));
            C.set(Some(Says("c", log.clone(), quiet)));
            B.set(Some(Says("b", log.clone(), quiet)));
        })
    }
    a_destructor_does_not_reach_its_own_key => {
        on_a_thread(|log| {
            A.set(Some(Says("a", log.clone(), |log| {
                log.lock().unwrap().push(format!("{:?}", A.try_with(|_| ())));
            })));
        })
    }
    a_destructor_reaches_older_keys => {
        on_a_thread(|log| {
            A.set(Some(Says("a", log.clone(), |log| {
                log.lock().unwrap().push(format!("b {:?}", B.try_with(|_| ())));
            })));
            B.set(Some(Says("b", log.clone(), |log| {
                log.lock().unwrap().push(format!("a {:?}", A.try_with(|a| a.borrow().is_some())));
            })));
        })
    }
    what_a_destructor_makes_is_dropped => {
        on_a_thread(|log| {
            A.set(Some(Says("a", log.clone(), |log| {
                B.set(Some(Says("b", log.clone(), |log| C.set(Some(Says("c", log.clone(), quiet))))));
                log.lock().unwrap().push("made".to_owned());
            })));
        })
    }
    values_without_a_destructor_stay => {
        on_a_thread(|log| {
            COUNT.set(7);
            A.set(Some(Says("a", log.clone(), |log| {
                log.lock().unwrap().push(COUNT.get().to_string());
            })));
        })
    }
    an_initialiser_that_uses_its_own_key => {
        thread_local! {
            static DEPTH: Cell<u8> = const { Cell::new(0) };
            static OWN: Cell<u8> = {
                DEPTH.set(DEPTH.get() + 1);
                if DEPTH.get() < 3 { OWN.set(OWN.get() + 10); }
                Cell::new(DEPTH.get())
            };
        }
        thread::spawn(|| (OWN.get(), DEPTH.get())).join().unwrap()
    }
    the_error => {
        let log = on_a_thread(|log| {
            B.set(Some(Says("b", log.clone(), |log| {
                let error: AccessError = B.try_with(|_| ()).unwrap_err();
                let error_too: Box<dyn std::error::Error> = Box::new(error);
                log.lock().unwrap().push(format!("{error} {error:?} {error_too} {}", error == error.clone()));
            })));
        });
        log
    }
    a_panicking_thread_drops_its_values => {
        let log = Log::default();
        let other = log.clone();
        let ended = thread::spawn(move || {
            A.set(Some(Says("a", other, quiet)));
            panic!("after that");
        }).join();
        (ended.is_err(), log.lock().unwrap().clone())
    }
    scoped_threads_have_values_of_their_own => {
        COUNT.set(3);
        thread::scope(|scope| (scope.spawn(|| COUNT.get()).join().unwrap(), COUNT.replace(1)))
    }
}
