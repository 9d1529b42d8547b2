//! `meed plan PROGRAM`

use crate::Ending;
use crate::draw::{self, MessageFormat};
use std::path::PathBuf;

/// Print what a program means, step by step.
#[derive(clap::Args)]
pub struct Plan {
    /// The program, a `.meed` file
    program: PathBuf,
    /// How problems are shown
    #[arg(long, value_enum, default_value_t)]
    message_format: MessageFormat,
}

impl Plan {
    pub fn run(self) -> Ending {
        let Some(text) = draw::read_program(&self.program) else { return Ending::Program };
        let compiled = meed_compiler::compile(&text, &[]);
        draw::problems(&self.program, &text, &compiled.problems, self.message_format);
        let Some(plan) = compiled.plan else { return Ending::Program };
        print!("{}", plan.to_text());
        Ending::Well
    }
}
