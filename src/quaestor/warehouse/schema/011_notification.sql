-- Who was told of which audit (`notify:`). Never where: an address of a webhook is a secret.
create table if not exists audit.notification (
    run_id varchar not null, notifier varchar not null, -- its name in quaestor.yaml
    kind varchar not null, -- slack, teams, webhook, mail
    sent_at timestamp not null, -- when it was tried last
    outcome varchar not null, -- sent, failed; not needed: `when:` asked for others
    reason varchar, -- why it failed, without an address
    primary key (run_id, notifier)
);
