//! Session tickets of a gateway, and the secrets they come from.

use tls::tickets::Tickets;
use zeroize::Zeroizing;

/// Secrets of session tickets, shared with other gateways. The first one encrypts, all of them open. None: the tickets
/// are those of this process alone.
pub type TicketSecrets = Vec<Zeroizing<Vec<u8>>>;

/// Session tickets with the secrets they were made of.
pub(crate) struct SharedTickets {
    secrets: TicketSecrets,
    tickets: Tickets,
}

impl SharedTickets {
    /// Tickets of these secrets.
    pub(crate) fn new(secrets: TicketSecrets) -> Self {
        let tickets = if secrets.is_empty() {
            Tickets::random()
        } else {
            Tickets::shared(&secrets.iter().map(|secret| secret.as_slice()).collect::<Vec<_>>())
        };
        Self { secrets, tickets }
    }

    /// Takes other secrets. The same ones change nothing: sessions live on.
    pub(crate) fn change(&mut self, secrets: TicketSecrets) {
        if self.secrets != secrets {
            *self = Self::new(secrets);
        }
    }

    /// The tickets.
    pub(crate) fn get(&self) -> &Tickets {
        &self.tickets
    }
}
