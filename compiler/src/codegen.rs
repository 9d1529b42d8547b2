//! Machine code by Cranelift: one function per rule, one module per program.
//!
//! Comes in: a [`Plan`]. Goes out: [`Kernels`]. A kernel means what the interpreter means, in 64-bit lanes; a row it
//! cannot do it leaves untouched to the interpreter ([`crate::kernel`]). Cranelift is named in this room only.

mod dates;
mod emit;
mod expression;
mod frame;
mod group;
mod number;
mod pay;
mod rounding;
mod row;
mod rule;
mod scales;
mod schedule;
#[cfg(test)]
mod tests;
mod word;

use crate::data::Data;
use crate::kernel::{DayTables, Entry, Input, Kernel};
use crate::plan::{GroupId, Plan, RuleId};
use cranelift_codegen::ir::{AbiParam, Function, Signature, UserFuncName, types};
use cranelift_codegen::isa::{OwnedTargetIsa, TargetFrontendConfig};
use cranelift_codegen::settings::{self, Configurable};
use cranelift_frontend::FunctionBuilderContext;
use cranelift_jit::{JITBuilder, JITModule};
use cranelift_module::{FuncId, Module};
use frame::Reads;
use scales::Scales;
use std::any::Any;
use std::sync::{Arc, Mutex};

/// The machine code of a program.
pub struct Kernels {
    rules: Vec<Option<Kernel>>,
    groups: Vec<Option<Kernel>>,
}

/// How much Cranelift does to the code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effort {
    /// As written.
    None,
    /// Simplified and ordered anew.
    #[cfg_attr(
        not(test),
        expect(dead_code, reason = "no faster on a rule, which is small; tests hold both to one meaning")
    )]
    Speed,
}

impl Kernels {
    /// Compiles every rule and group. One that would leave every row to the interpreter has no kernel, and on a machine
    /// that Cranelift does not know there are none at all.
    ///
    /// The data only tell how fine their numbers are; the code is right for any.
    pub fn compile(plan: &Plan, data: &Data) -> Self {
        Self::compile_with(plan, data, Effort::None, cfg!(debug_assertions))
    }

    pub(crate) fn compile_with(plan: &Plan, data: &Data, effort: Effort, verify: bool) -> Self {
        let none = || Self { rules: vec![None; plan.rules.len()], groups: vec![None; plan.groups.len()] };
        let Some(isa) = isa(effort, verify) else { return none() };
        let mut maker = Maker::new(isa);
        let mut scales = Scales::guess(plan, data);
        let ids = (0..plan.groups.len() as u32).map(GroupId);
        let groups: Vec<_> =
            ids.map(|id| maker.define(|blank| group::write_group(plan, &mut scales, id, blank))).collect();
        let rules = plan.rules.iter();
        let rules: Vec<_> =
            rules.map(|rule| maker.define(|blank| rule::write_rule(plan, &scales, rule, blank))).collect();
        let made = || rules.iter().chain(&groups).flatten();
        let Some(code) = maker.finish(made().map(|(id, _)| *id)) else { return none() };
        let made: Vec<&[Input]> = made().map(|(_, reads)| reads.inputs.as_slice()).collect();
        let tables = Arc::new(day_tables(plan, &made));
        let kernel = |(id, reads): (FuncId, Reads)| {
            Some(Kernel::new(reads.inputs, reads.gathers, code.entry(id)?, tables.clone(), code.module.clone()))
        };
        Self {
            rules: rules.into_iter().map(|rule| rule.and_then(kernel)).collect(),
            groups: groups.into_iter().map(|group| group.and_then(kernel)).collect(),
        }
    }

    /// The kernel of a rule, if it has one.
    pub fn rule(&self, id: RuleId) -> Option<&Kernel> {
        self.rules[id.index()].as_ref()
    }

    /// The kernel of a group, if it has one.
    pub fn group(&self, id: GroupId) -> Option<&Kernel> {
        self.groups[id.index()].as_ref()
    }
}

fn isa(effort: Effort, verify: bool) -> Option<OwnedTargetIsa> {
    let mut flags = settings::builder();
    let level = match effort {
        Effort::None => "none",
        Effort::Speed => "speed",
    };
    let verify = if verify { "true" } else { "false" };
    for (name, value) in [("opt_level", level), ("enable_verifier", verify), ("is_pic", "false")] {
        flags.set(name, value).ok()?;
    }
    cranelift_native::builder().ok()?.finish(settings::Flags::new(flags)).ok()
}

/// A module in the making.
struct Maker {
    module: JITModule,
    functions: FunctionBuilderContext,
    context: cranelift_codegen::Context,
}

/// A function to be written.
pub(super) struct Blank<'f> {
    function: &'f mut Function,
    context: &'f mut FunctionBuilderContext,
    config: TargetFrontendConfig,
}

/// A module whose functions can be called.
struct Code {
    module: Arc<dyn Any + Send + Sync>,
    entries: Vec<(FuncId, Entry)>,
}

/// A module that frees its memory when it goes.
struct Owned(Mutex<Option<JITModule>>);

impl Maker {
    fn new(isa: OwnedTargetIsa) -> Self {
        let module = JITModule::new(JITBuilder::with_isa(isa, cranelift_module::default_libcall_names()));
        let context = module.make_context();
        Self { module, functions: FunctionBuilderContext::new(), context }
    }

    /// A function written by `write`; none where it writes none, or Cranelift does not take it.
    fn define(&mut self, write: impl FnOnce(Blank<'_>) -> Option<Reads>) -> Option<(FuncId, Reads)> {
        let mut signature = Signature::new(self.module.isa().default_call_conv());
        signature.params = [types::I64, types::I32, types::I32, types::I32].map(AbiParam::new).to_vec();
        signature.returns = vec![AbiParam::new(types::I32)];
        self.context.clear();
        self.context.func = Function::with_name_signature(UserFuncName::default(), signature);
        let config = self.module.isa().frontend_config();
        let reads = write(Blank { function: &mut self.context.func, context: &mut self.functions, config })?;
        let id = self.module.declare_anonymous_function(&self.context.func.signature).ok()?;
        let defined = self.module.define_function(id, &mut self.context);
        if cfg!(debug_assertions) {
            defined.as_ref().expect("Cranelift takes every function");
        }
        defined.ok().map(|()| (id, reads))
    }

    fn finish(mut self, made: impl Iterator<Item = FuncId>) -> Option<Code> {
        self.module.finalize_definitions().ok()?;
        let entries = made.map(|id| (id, entry(self.module.get_finalized_function(id)))).collect();
        Some(Code { module: Arc::new(Owned(Mutex::new(Some(self.module)))), entries })
    }
}

impl Code {
    fn entry(&self, id: FuncId) -> Option<Entry> {
        self.entries.iter().find(|(known, _)| *known == id).map(|(_, entry)| *entry)
    }
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

/// The tables of days that any of these kernels reads.
fn day_tables(plan: &Plan, made: &[&[Input]]) -> DayTables {
    let mut tables = DayTables::default();
    for input in made.iter().flat_map(|inputs| inputs.iter()) {
        match input {
            Input::Days(table) => {
                tables.days.entry(*table).or_insert_with(|| dates::day_table(plan, *table));
            }
            Input::MonthStarts if tables.month_starts.is_empty() => tables.month_starts = dates::month_starts(),
            _ => {}
        }
    }
    tables
}
