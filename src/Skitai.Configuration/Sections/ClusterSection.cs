using System.Globalization;
using System.Net;
using Skitai.Configuration.Grammar;
using Skitai.Configuration.Keys;

namespace Skitai.Configuration.Sections;

/// <summary><c>[@name]</c>: other servers behind one name.</summary>
internal static class ClusterSection
{
    private const int HeaviestWeight = 1000;

    private static readonly TimeSpan Shortest = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    private static readonly Key<string> Type = new(
        "type", Kinds.OneOf("http", "sqlite3", "postgresql"), "http",
        "What the members speak.");

    private static readonly Key<bool> Ssl = new(
        "ssl", Kinds.YesNo, false, "Whether the members speak TLS.");

    // A postgresql member holds a password.
    private static readonly Key<string?> Members = new(
        "members", Kinds.Text, null,
        "The members, separated by commas: `host:port` and perhaps a weight (1 to 1000); for sqlite3 a file; for postgresql `host:port/db/user/password`.")
    { Secret = true };

    private static readonly Key<IReadOnlyList<string>> Roles = new(
        "roles", Kinds.Words, [], "Who may use it: roles of the token's user, separated by commas. Not set = everybody.");

    private static readonly Key<IReadOnlyList<IPNetwork>> Ips = new(
        "ips", Kinds.Networks, [], "From where it may be used: addresses and networks. Not set = everywhere.");

    private static readonly Key<string?> HealthPath = new(
        "health_path", Kinds.Text, null, "A path that is asked again and again to see whether a member is well. Not set = not asked.");

    private static readonly Key<TimeSpan> HealthInterval = new(
        "health_interval", Kinds.Duration(Shortest, Hour), TimeSpan.FromSeconds(10), "How often it is asked.");

    private static readonly Key<TimeSpan> ConnectTimeout = new(
        "connect_timeout", Kinds.Duration(Shortest, Hour), TimeSpan.FromSeconds(5), "How long connecting to a member may take.");

    private static readonly Key<TimeSpan?> ResponseTimeout = new(
        "response_timeout", Optional(Kinds.Duration(Shortest, Hour)), null,
        "How long a member's first byte may take. Not set = [tunefactors] response_timeout.");

    private static readonly Key<int> MaxFails = new(
        "max_fails", Kinds.Integer(1, 1000), 1, "Failures in a row after which a member is left alone for a while.");

    private static readonly Key<int> Retries = new(
        "retries", Kinds.Integer(0, 100), 1, "How many other members are tried when one fails.");

    private static readonly Key<bool> Sticky = new(
        "sticky", Kinds.YesNo, false, "Whether a client stays with its member, by a cookie.");

    public static readonly Section Declaration = new(
        "@name", "Other servers behind one name, to be mounted as `@name`.",
        [Type, Ssl, Members, Roles, Ips, HealthPath, HealthInterval, ConnectTimeout, ResponseTimeout, MaxFails, Retries, Sticky])
    { Later = Feature.Clusters };

    /// <summary>Checks a cluster, then refuses it: this version has none.</summary>
    public static void Check(ConfSection section, SectionReader reader, ReadContext context)
    {
        if (section.Name.Length == 1 || !section.Name.Skip(1).All(c => char.IsAsciiLetterOrDigit(c) || c is '_' or '-' or '.'))
        {
            context.Errors.Add(section.Line, $"[{section.Name}] is not a cluster's name; it has an @, then letters, digits, '_', '-' and '.'");
        }

        reader.CheckAll(Declaration);
        if (!reader.Has(Members))
        {
            reader.Refuse(Members, "not set; a cluster without members can do nothing");
        }

        var members = Kinds.Split(reader.Get(Members) ?? "");
        for (var number = 1; number <= members.Count; number++)
        {
            if (Problem(members[number - 1], reader.Get(Type)) is { } problem)
            {
                // A member is named by its number: it may hold a password.
                reader.Refuse(Members, $"member {number} {problem}");
            }
        }

        context.Errors.Add(section.Line, $"[{section.Name}]: {Feature.Clusters.Refusal}");
    }

    private static string? Problem(string member, string type)
    {
        switch (type)
        {
            case "sqlite3":
                return null;
            case "postgresql":
                var parts = member.Split('/');
                return parts.Length == 4 && Kinds.IsHostAndPort(parts[0]) ? null : "is not host:port/db/user/password";
            default:
                var words = member.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries);
                return !Kinds.IsHostAndPort(words[0]) ? "is not host:port with a port of 1 to 65535"
                    : words.Length > 2 ? "has more than host:port and a weight"
                    : words.Length == 2 && !IsWeight(words[1]) ? $"has a weight that is not 1 to {HeaviestWeight}"
                    : null;
        }
    }

    private static bool IsWeight(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var weight) && weight is >= 1 and <= HeaviestWeight;

    private static ValueKind<TimeSpan?> Optional(ValueKind<TimeSpan> kind) => new(
        kind.Name,
        (text, context) => kind.Read(text, context) is var (value, problem) && problem is null
            ? Reading<TimeSpan?>.Of(value)
            : Reading<TimeSpan?>.Wrong(kind.Read(text, context).Problem!),
        value => value is { } span ? kind.Write(span) : "");
}
