using Skitai.Configuration.Keys;

namespace Skitai.Configuration.Sections;

/// <summary><c>[smtpda]</c> of <c>skitaid.conf</c>. Only a server switches it on.</summary>
internal static class MailSection
{
    private static readonly Key<string?> SmtpServer = new(
        "smtpserver", Kinds.HostAndPort, null, "Where mail is handed over, for mail that does not name its own server.")
    { Later = Feature.Mail };

    private static readonly Key<string?> User = new(
        "user", Kinds.Text, null, "Who to log in as. Not set = no log-in.")
    { Later = Feature.Mail, Asks = _ => false };

    private static readonly Key<string?> Password = new(
        "password", Kinds.Text, null, "The password; `${NAME}` keeps it out of the file.")
    { Secret = true, Later = Feature.Mail, Asks = _ => false };

    private static readonly Key<bool> Ssl = new(
        "ssl", Kinds.YesNo, false, "Whether the connection begins with TLS (port 465).")
    { Later = Feature.Mail, Asks = _ => false };

    private static readonly Key<int> MaxRetry = new(
        "max_retry", Kinds.Integer(0, 1000), 10, "How often delivery is tried again.")
    { Later = Feature.Mail, Asks = _ => false };

    private static readonly Key<int> UndeliversKeepMaxDays = new(
        "undelivers_keep_max_days", Kinds.Integer(0, 36_500), 30, "Days that undeliverable mail is kept.")
    { Later = Feature.Mail, Asks = _ => false };

    public static readonly Section Declaration = new(
        "smtpda", "The mail delivery agent.", [SmtpServer, User, Password, Ssl, MaxRetry, UndeliversKeepMaxDays]);
}
