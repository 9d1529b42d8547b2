//! This machine: functions become bytes, and bytes code that can be called.
//!
//! Functions call nothing and refer to nothing but their table of pointers, so their bytes can lie anywhere: they are made
//! by several threads where there are many, and laid into one piece of memory.

use super::frame::Reads;
use crate::kernel::Entry;
use cranelift_codegen::control::ControlPlane;
use cranelift_codegen::ir::{AbiParam, Function, Signature, UserFuncName, types};
use cranelift_codegen::isa::{OwnedTargetIsa, TargetFrontendConfig};
use cranelift_codegen::settings::{self, Configurable};
use cranelift_frontend::FunctionBuilderContext;
use cranelift_jit::{JITBuilder, JITModule};
use cranelift_module::Module;
use std::any::Any;
use std::sync::{Arc, Mutex};

/// How much work Cranelift puts into a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum OptLevel {
    /// Registers in one pass: made in half the time, a fifth slower.
    Quick,
    /// Registers with splitting of ranges.
    Thorough,
    /// Simplified and ordered anew as well; no faster than [`OptLevel::Thorough`], tests hold it to the same meaning.
    #[cfg(test)]
    Speed,
}

/// Functions to a thread, at least.
const SHARE: usize = 16;
/// Where functions begin in memory.
const ALIGNMENT: usize = 32;

/// The instructions of this machine.
pub(super) struct Machine {
    quick: OwnedTargetIsa,
    thorough: OwnedTargetIsa,
    #[cfg(test)]
    speed: OwnedTargetIsa,
}

/// A function to be written.
pub(super) struct FunctionSlot<'f> {
    pub function: &'f mut Function,
    pub context: &'f mut FunctionBuilderContext,
    pub config: TargetFrontendConfig,
}

/// The bytes of a function.
pub(super) struct Object {
    pub reads: Reads,
    bytes: Vec<u8>,
}

/// Writes functions, one after the other.
pub(super) struct Writer<'m> {
    machine: &'m Machine,
    functions: FunctionBuilderContext,
    context: cranelift_codegen::Context,
}

/// A module that frees its memory when it goes.
struct Owned(Mutex<Option<JITModule>>);

impl Machine {
    /// The machine this runs on, if Cranelift knows it.
    pub fn here() -> Option<Self> {
        Some(Self {
            quick: instructions("single_pass", "none")?,
            thorough: instructions("backtracking", "none")?,
            #[cfg(test)]
            speed: instructions("backtracking", "speed")?,
        })
    }

    fn instructions(&self, opt_level: OptLevel) -> &OwnedTargetIsa {
        match opt_level {
            OptLevel::Quick => &self.quick,
            OptLevel::Thorough => &self.thorough,
            #[cfg(test)]
            OptLevel::Speed => &self.speed,
        }
    }

    pub fn writer(&self) -> Writer<'_> {
        let context = cranelift_codegen::Context::new();
        Writer { machine: self, functions: FunctionBuilderContext::new(), context }
    }

    /// Makes `n` things, by several threads where there are many.
    pub fn make<T: Send>(&self, n: usize, make: impl Fn(&mut Writer<'_>, usize) -> T + Sync) -> Vec<T> {
        let n_threads = std::thread::available_parallelism().map_or(1, usize::from).min(n / SHARE);
        if n_threads < 2 {
            let mut writer = self.writer();
            return (0..n).map(|idx| make(&mut writer, idx)).collect();
        }
        let share = |thread: usize| {
            let mut writer = self.writer();
            (n * thread / n_threads..n * (thread + 1) / n_threads).map(|idx| make(&mut writer, idx)).collect::<Vec<_>>()
        };
        std::thread::scope(|scope| {
            let threads: Vec<_> = (0..n_threads).map(|thread| scope.spawn(move || share(thread))).collect();
            let made = threads.into_iter().map(|thread| thread.join());
            made.flat_map(|made| made.unwrap_or_else(|panic| std::panic::resume_unwind(panic))).collect()
        })
    }

    /// Lays functions into memory; where each begins, and what holds the memory.
    pub fn link<'o>(
        &self,
        objects: impl Iterator<Item = &'o Object>,
    ) -> Option<(Vec<Entry>, Arc<dyn Any + Send + Sync>)> {
        let (mut bytes, mut offsets) = (Vec::new(), Vec::new());
        for object in objects {
            bytes.resize(bytes.len().next_multiple_of(ALIGNMENT), 0);
            offsets.push(bytes.len());
            bytes.extend_from_slice(&object.bytes);
        }
        let builder = JITBuilder::with_isa(self.thorough.clone(), cranelift_module::default_libcall_names());
        let mut module = JITModule::new(builder);
        let mut entries = Vec::new();
        if !bytes.is_empty() {
            let id = module.declare_anonymous_function(&signature(&self.thorough)).ok()?;
            module.define_function_bytes(id, ALIGNMENT as u64, &bytes, &[]).ok()?;
            module.finalize_definitions().ok()?;
            let start = module.get_finalized_function(id);
            entries = offsets.into_iter().map(|offset| entry(start.wrapping_add(offset))).collect();
        }
        Some((entries, Arc::new(Owned(Mutex::new(Some(module))))))
    }
}

impl Writer<'_> {
    /// A function written by `write`; `None` if it writes none, or Cranelift does not take it.
    pub fn function(
        &mut self,
        opt_level: OptLevel,
        write: impl FnOnce(FunctionSlot<'_>) -> Option<Reads>,
    ) -> Option<Object> {
        let isa = self.machine.instructions(opt_level);
        self.context.clear();
        self.context.func = Function::with_name_signature(UserFuncName::default(), signature(isa));
        let function_slot = FunctionSlot {
            function: &mut self.context.func,
            context: &mut self.functions,
            config: isa.frontend_config(),
        };
        let reads = write(function_slot)?;
        let compiled = self.context.compile(&**isa, &mut ControlPlane::default());
        if cfg!(debug_assertions)
            && let Err(error) = &compiled
        {
            panic!("Cranelift does not take a function: {error:?}");
        }
        let compiled = compiled.ok()?;
        debug_assert!(compiled.buffer.relocs().is_empty(), "a function refers to nothing outside");
        let alone = compiled.buffer.relocs().is_empty();
        alone.then(|| Object { reads, bytes: compiled.code_buffer().to_vec() })
    }
}

fn instructions(registers: &str, level: &str) -> Option<OwnedTargetIsa> {
    let mut flags = settings::builder();
    let verify = if cfg!(debug_assertions) { "true" } else { "false" };
    let wanted = [
        ("regalloc_algorithm", registers),
        ("opt_level", level),
        ("enable_verifier", verify),
        ("is_pic", "false"),
        ("unwind_info", "false"),
    ];
    for (name, value) in wanted {
        flags.set(name, value).ok()?;
    }
    cranelift_native::builder().ok()?.finish(settings::Flags::new(flags)).ok()
}

/// The signature of [`Entry`].
fn signature(isa: &OwnedTargetIsa) -> Signature {
    let mut signature = Signature::new(isa.default_call_conv());
    signature.params = [types::I64, types::I32, types::I32, types::I32].map(AbiParam::new).to_vec();
    signature.returns = vec![AbiParam::new(types::I32)];
    signature
}

#[expect(
    unsafe_code,
    reason = "the address is that of a finished function, which was made with the signature of `Entry`"
)]
fn entry(address: *const u8) -> Entry {
    unsafe { std::mem::transmute::<*const u8, Entry>(address) }
}

impl Drop for Owned {
    fn drop(&mut self) {
        let module = self.0.get_mut().ok().and_then(Option::take);
        if let Some(module) = module {
            #[expect(unsafe_code, reason = "every kernel holds the module, so none is left to call its code")]
            unsafe {
                module.free_memory();
            }
        }
    }
}
