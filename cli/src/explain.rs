//! `meed explain CODE`

use crate::Ending;
use crate::draw::{self, Messages};

/// Explain an error code.
#[derive(clap::Args)]
pub struct Explain {
    /// The code, such as `missing-percent`
    code: String,
}

impl Explain {
    pub fn run(self, messages: Messages) -> Ending {
        match meed_compiler::errors::page(&self.code) {
            Some(page) => {
                draw::print(page);
                Ending::Well
            }
            None => {
                let near = meed_grammar::nearest(&self.code, meed_compiler::errors::codes());
                let help = near.map(|near| format!("did you mean `{near}`?"));
                messages.error("command-line", &format!("there is no page for `{}`", self.code), help.as_deref());
                Ending::Usage
            }
        }
    }
}
