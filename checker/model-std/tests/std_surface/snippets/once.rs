//! `Once`, `OnceLock` and `LazyLock`.

use super::std;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{LazyLock, ONCE_INIT, Once, OnceLock};
use std::thread;

static OLD: Once = ONCE_INIT;
static LAZY: LazyLock<Vec<u8>> = LazyLock::new(|| vec![1, 2]);
static CELL: OnceLock<u8> = OnceLock::new();

snippets! { EVERYWHERE:
    a_once_of_old => {
        let mut calls = 0;
        OLD.call_once(|| calls += 1);
        OLD.call_once(|| calls += 1);
        (OLD.is_completed(), calls <= 1, format!("{OLD:?}"))
    }
    the_state_of_a_once => {
        let once = Once::new();
        let mut states = Vec::new();
        catch_unwind(AssertUnwindSafe(|| once.call_once(|| panic!("no"))));
        once.call_once_force(|state| states.push(format!("{state:?} {}", state.is_poisoned())));
        let other = Once::new();
        other.call_once_force(|state| states.push(format!("{state:?}")));
        states
    }
    waiting_for_a_once => {
        let once = Once::new();
        thread::scope(|scope| {
            scope.spawn(|| once.call_once(|| ()));
            once.wait();
            once.wait_force();
        });
        once.is_completed()
    }
    a_poisoned_once => {
        let once = Once::new();
        catch_unwind(AssertUnwindSafe(|| once.call_once(|| panic!("no"))));
        let waited = catch_unwind(AssertUnwindSafe(|| once.wait())).is_err();
        (once.is_completed(), waited, catch_unwind(AssertUnwindSafe(|| once.call_once(|| ()))).is_err())
    }
    a_cell => {
        let mut cell = OnceLock::new();
        let set = (cell.get().copied(), cell.set(1), cell.set(2), *cell.get_or_init(|| 3));
        *cell.get_mut().unwrap() += 1;
        (set, cell.clone(), cell == OnceLock::from(2), cell.take(), cell.get().copied(), OnceLock::from(4).into_inner())
    }
    a_cell_in_a_static => { (*CELL.get_or_init(|| 3), CELL.get().copied(), CELL.set(4)) }
    a_cell_is_waited_for => {
        let cell = OnceLock::new();
        thread::scope(|scope| {
            scope.spawn(|| cell.set(1).unwrap());
            *cell.wait()
        })
    }
    a_cell_of_what_lives_shorter => {
        // It is dropped after the text.
        let cell = OnceLock::new();
        let text = String::from("borrowed");
        cell.set(&text).unwrap();
        cell.get().map(|text| text.len())
    }
    a_cell_drops_its_value => {
        let counted = std::sync::Arc::new(());
        let cell = OnceLock::from(counted.clone());
        let other = OnceLock::new();
        other.set(counted.clone()).unwrap();
        let before = std::sync::Arc::strong_count(&counted);
        drop((cell, other));
        (before, std::sync::Arc::strong_count(&counted))
    }
    printed => {
        let (cell, lazy) = (OnceLock::new(), LazyLock::new(|| 5));
        let before = format!("{cell:?} {lazy:?}");
        cell.set('a').unwrap();
        (before, *lazy, format!("{cell:?} {lazy:?} {lazy:#?} {:?}", LazyLock::<u8>::default()))
    }
    lazies => {
        let word = "captured".to_owned();
        let lazy = LazyLock::new(move || word.len());
        (LAZY.len(), LazyLock::force(&LAZY).len(), *lazy, LazyLock::force(&lazy) + 1)
    }
    a_lazy_is_written_to => {
        let mut lazy: LazyLock<Vec<u8>> = LazyLock::new(Vec::new);
        lazy.push(1);
        lazy.extend([2]);
        let mut number = LazyLock::new(|| 1);
        *number += 1;
        (lazy.len(), *number)
    }
    #[cfg(since_1_94)]
    a_lazy_is_looked_at => {
        let mut lazy = LazyLock::new(|| 1);
        let before = (LazyLock::get(&lazy).copied(), LazyLock::get_mut(&mut lazy).copied());
        *LazyLock::force_mut(&mut lazy) += 1;
        *LazyLock::get_mut(&mut lazy).unwrap() += 1;
        (before, LazyLock::get(&lazy).copied(), *lazy)
    }
    #[cfg(since_1_94)]
    a_lazy_without_a_default_function => {
        let text = "a".to_owned();
        let lazies = [true, false].map(|forced| {
            let text = text.clone();
            let lazy = LazyLock::new(move || text);
            if forced { LazyLock::force(&lazy); }
            LazyLock::get(&lazy).cloned()
        });
        lazies
    }
    #[cfg(since_1_94)]
    a_poisoned_lazy => {
        let mut lazy: LazyLock<u8> = LazyLock::new(|| panic!("no"));
        let first = catch_unwind(AssertUnwindSafe(|| *LazyLock::force_mut(&mut lazy))).is_err();
        let again = catch_unwind(AssertUnwindSafe(|| *lazy)).unwrap_err();
        let says = again.downcast_ref::<&str>().map(|text| text.to_string());
        (first, says, LazyLock::get(&lazy).copied(), LazyLock::get_mut(&mut lazy).is_none(), format!("{lazy:?}"))
    }
}
