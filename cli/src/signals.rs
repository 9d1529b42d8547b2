//! What a run does when it is told to stop.
//!
//! TERM and INT are taken by a thread of their own: it removes what the run has begun and ends the process, whatever the
//! other threads do. From the moment at which the outputs have appeared there is nothing to remove; the run, which has
//! only its account left to print, ends by itself unless it is told again.

use crate::draw::Messages;
use crate::out::{Shared, Stage};

/// Cleans up when the process is told to stop.
#[cfg(unix)]
pub fn clean_up(shared: Shared, messages: Messages) -> std::io::Result<()> {
    use signal_hook::consts::{SIGINT, SIGTERM};
    let mut signals = signal_hook::iterator::Signals::new([SIGTERM, SIGINT])?;
    std::thread::spawn(move || {
        let mut told = false;
        for signal in signals.forever() {
            // Held until the process ends, so that nothing new is begun.
            let stage = crate::out::held(&shared);
            match &*stage {
                Stage::Written if !told => {
                    told = true;
                    continue;
                }
                Stage::Written | Stage::NotBegun => {}
                Stage::Writing(folder) => folder.leave(),
            }
            if !matches!(&*stage, Stage::Written) {
                let name = if signal == SIGTERM { "TERM" } else { "INT" };
                messages.error("stopped", &format!("the run was stopped by {name}, nothing is written"), None);
            }
            std::process::exit(128 + signal);
        }
    });
    Ok(())
}

#[cfg(not(unix))]
pub fn clean_up(_: Shared, _: Messages) -> std::io::Result<()> {
    Ok(())
}

/// Lets a write beyond a limit on the size of files fail, which gives a message; by itself the system ends the process.
pub fn outlive_file_limits() {
    // A handler that does nothing; where it cannot be set the message is missing, no more.
    #[cfg(unix)]
    let _ = signal_hook::flag::register(signal_hook::consts::SIGXFSZ, std::sync::Arc::default());
}
