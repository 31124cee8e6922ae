//! Stack overflows of fibers: noticed in the guard page, told by the host.
//!
//! The handler of the signal makes the fiber return [`End::Overflowed`] to its host. One
//! block per architecture and system says where the registers are; where there is none, an
//! overflow ends the process, as it does in std.

use super::{End, RUNNING};

/// From now on an overflow of a fiber is told by its host. To be called again when somebody
/// else may have taken the signals.
#[cfg(not(all(
    any(target_os = "linux", target_os = "macos"),
    any(target_arch = "x86_64", target_arch = "aarch64")
)))]
pub(crate) fn watch() {}

#[cfg(all(
    any(target_os = "linux", target_os = "macos"),
    any(target_arch = "x86_64", target_arch = "aarch64")
))]
pub(crate) use handler::watch;

#[cfg(all(
    any(target_os = "linux", target_os = "macos"),
    any(target_arch = "x86_64", target_arch = "aarch64")
))]
mod handler {
    use std::ptr;
    use std::sync::atomic::{AtomicPtr, Ordering::SeqCst};

    use corosensei::trap::TrapHandlerRegs;

    use super::{End, RUNNING};

    /// What a guard page answers with: the first on Linux, the second on macOS.
    const SIGNALS: [libc::c_int; 2] = [libc::SIGSEGV, libc::SIGBUS];

    /// Who had each of them before, never freed.
    static FORMER: [AtomicPtr<libc::sigaction>; 2] = [const { AtomicPtr::new(ptr::null_mut()) }; 2];

    pub(crate) fn watch() {
        let handler: extern "C" fn(libc::c_int, *mut libc::siginfo_t, *mut libc::c_void) = handle;
        let handler = handler as *const () as libc::sighandler_t;
        for (signal, former) in SIGNALS.into_iter().zip(&FORMER) {
            // SAFETY: all zeroes is a valid value of this structure of C's.
            let mut present: libc::sigaction = unsafe { std::mem::zeroed() };
            // SAFETY: it only writes who has the signal to `present`.
            let asked = unsafe { libc::sigaction(signal, ptr::null(), &raw mut present) };
            if asked != 0 || present.sa_sigaction == handler {
                continue;
            }
            former.store(Box::into_raw(Box::new(present)), SeqCst);
            let mut ours = present;
            ours.sa_sigaction = handler;
            // On the alternate stack, which std gives every thread that it starts, and without
            // keeping the signal from coming again: the handler does not return to it.
            ours.sa_flags = libc::SA_SIGINFO | libc::SA_ONSTACK | libc::SA_NODEFER;
            // SAFETY: the handler keeps to what a signal handler may do: it reads a
            // thread-local without a destructor, and its own arguments.
            unsafe { libc::sigaction(signal, &raw const ours, ptr::null_mut()) };
        }
    }

    extern "C" fn handle(
        signal: libc::c_int,
        info: *mut libc::siginfo_t,
        context: *mut libc::c_void,
    ) {
        // SAFETY: the system passes both for a handler with `SA_SIGINFO`, and they are ours
        // until it returns.
        let (address, context) = unsafe {
            (
                (*info).si_addr().addr(),
                &mut *context.cast::<libc::ucontext_t>(),
            )
        };
        if let Some(running) = RUNNING.get()
            && running.trap.stack_ptr_in_bounds(stack_pointer(context))
            && running.trap.stack_ptr_in_bounds(address)
        {
            // SAFETY: the stack pointer is within the fiber that was interrupted, whose
            // registers are replaced below. What it was doing is never gone on with: an
            // overflow ends the check.
            let registers = unsafe { running.trap.setup_trap_handler(|| End::Overflowed) };
            go_on_at(context, registers);
            return;
        }
        pass_on(signal, info, context);
    }

    /// Not ours: to whoever had the signal before.
    fn pass_on(signal: libc::c_int, info: *mut libc::siginfo_t, context: &mut libc::ucontext_t) {
        let ours = SIGNALS.iter().position(|known| *known == signal);
        let former = ours.map_or(ptr::null_mut(), |ours| FORMER[ours].load(SeqCst));
        // SAFETY: null, or a box that `watch` has leaked.
        match unsafe { former.as_ref() } {
            Some(former)
                if former.sa_flags & libc::SA_SIGINFO != 0
                    && former.sa_sigaction != libc::SIG_DFL
                    && former.sa_sigaction != libc::SIG_IGN =>
            {
                // SAFETY: with that flag and neither of these values it is the address of a
                // function with these arguments.
                let handle = unsafe {
                    std::mem::transmute::<
                        libc::sighandler_t,
                        extern "C" fn(libc::c_int, *mut libc::siginfo_t, *mut libc::c_void),
                    >(former.sa_sigaction)
                };
                handle(signal, info, ptr::from_mut(context).cast());
            }
            _ => {
                // SAFETY: the instruction is tried again when the handler returns, and then
                // ends the process as it would have without us.
                unsafe { libc::signal(signal, libc::SIG_DFL) };
            }
        }
    }

    #[cfg(all(target_os = "linux", target_arch = "x86_64"))]
    fn stack_pointer(context: &libc::ucontext_t) -> usize {
        context.uc_mcontext.gregs[libc::REG_RSP as usize] as usize
    }

    #[cfg(all(target_os = "linux", target_arch = "x86_64"))]
    fn go_on_at(context: &mut libc::ucontext_t, registers: TrapHandlerRegs) {
        let TrapHandlerRegs {
            rip,
            rsp,
            rbp,
            rdi,
            rsi,
        } = registers;
        let known = &mut context.uc_mcontext.gregs;
        known[libc::REG_RIP as usize] = rip as libc::greg_t;
        known[libc::REG_RSP as usize] = rsp as libc::greg_t;
        known[libc::REG_RBP as usize] = rbp as libc::greg_t;
        known[libc::REG_RDI as usize] = rdi as libc::greg_t;
        known[libc::REG_RSI as usize] = rsi as libc::greg_t;
    }

    #[cfg(all(target_os = "linux", target_arch = "aarch64"))]
    fn stack_pointer(context: &libc::ucontext_t) -> usize {
        context.uc_mcontext.sp as usize
    }

    #[cfg(all(target_os = "linux", target_arch = "aarch64"))]
    fn go_on_at(context: &mut libc::ucontext_t, registers: TrapHandlerRegs) {
        let TrapHandlerRegs {
            pc,
            sp,
            x0,
            x1,
            x29,
            lr,
        } = registers;
        let known = &mut context.uc_mcontext;
        known.pc = pc;
        known.sp = sp;
        known.regs[0] = x0;
        known.regs[1] = x1;
        known.regs[29] = x29;
        known.regs[30] = lr;
    }

    #[cfg(all(target_os = "macos", target_arch = "x86_64"))]
    fn stack_pointer(context: &libc::ucontext_t) -> usize {
        // SAFETY: the system points it to the registers of the interrupted thread.
        unsafe { (*context.uc_mcontext).__ss.__rsp as usize }
    }

    #[cfg(all(target_os = "macos", target_arch = "x86_64"))]
    fn go_on_at(context: &mut libc::ucontext_t, registers: TrapHandlerRegs) {
        let TrapHandlerRegs {
            rip,
            rsp,
            rbp,
            rdi,
            rsi,
        } = registers;
        // SAFETY: as above, and nobody else looks at them before the handler returns.
        let known = unsafe { &mut (*context.uc_mcontext).__ss };
        known.__rip = rip;
        known.__rsp = rsp;
        known.__rbp = rbp;
        known.__rdi = rdi;
        known.__rsi = rsi;
    }

    #[cfg(all(target_os = "macos", target_arch = "aarch64"))]
    fn stack_pointer(context: &libc::ucontext_t) -> usize {
        // SAFETY: the system points it to the registers of the interrupted thread.
        unsafe { (*context.uc_mcontext).__ss.__sp as usize }
    }

    #[cfg(all(target_os = "macos", target_arch = "aarch64"))]
    fn go_on_at(context: &mut libc::ucontext_t, registers: TrapHandlerRegs) {
        let TrapHandlerRegs {
            pc,
            sp,
            x0,
            x1,
            x29,
            lr,
        } = registers;
        // SAFETY: as above, and nobody else looks at them before the handler returns.
        let known = unsafe { &mut (*context.uc_mcontext).__ss };
        known.__pc = pc;
        known.__sp = sp;
        known.__x[0] = x0;
        known.__x[1] = x1;
        known.__fp = x29;
        known.__lr = lr;
    }
}
