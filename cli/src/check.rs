//! `meed check PROGRAM`

use crate::Ending;
use crate::draw::{self, MessageFormat};
use std::path::PathBuf;

/// Check a program and say what is wrong with it.
#[derive(clap::Args)]
pub struct Check {
    /// The program, a `.meed` file
    program: PathBuf,
    /// How problems are shown
    #[arg(long, value_enum, default_value_t)]
    message_format: MessageFormat,
}

impl Check {
    pub fn run(self) -> Ending {
        let Some(text) = draw::read_program(&self.program) else { return Ending::Program };
        let compiled = meed_compiler::compile(&text, &[]);
        draw::problems(&self.program, &text, &compiled.problems, self.message_format);
        match compiled.plan {
            Some(plan) => {
                if self.message_format == MessageFormat::Human {
                    eprintln!("`{}` is well: {} rules, {} tests", plan.name, plan.rules.len(), compiled.tests.len());
                }
                Ending::Well
            }
            None => Ending::Program,
        }
    }
}
