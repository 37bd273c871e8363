using System.Globalization;
using System.Net;
using Skitai.Configuration.Grammar;
using Skitai.Configuration.Keys;
using Skitai.Configuration.Settings;

namespace Skitai.Configuration.Sections;

/// <summary>
/// Reads <c>members</c> of a cluster. A message names a member by its number, and quotes it where no password can be in it:
/// a database's holds one, and may stand in a cluster that forgot to say its type.
/// </summary>
internal static class ClusterMembers
{
    private const int HeaviestWeight = 1000;

    /// <summary>Reads <c>host:port</c> and perhaps a weight, separated by commas.</summary>
    /// <param name="text">After substitution.</param>
    /// <param name="isWritten">Nothing was substituted: a message may quote it.</param>
    /// <param name="refuse">Takes what is wrong.</param>
    public static IReadOnlyList<ClusterMember> ReadServers(string text, bool isWritten, Action<string> refuse)
    {
        var members = new List<ClusterMember>();
        var seen = new Dictionary<string, int>(StringComparer.Ordinal);
        var number = 0;
        var items = Kinds.Split(text);

        // A password may have a comma in it: then every item may be a part of one.
        var mayQuote = isWritten && !items.Any(MayHoldPassword);
        foreach (var item in items)
        {
            number++;
            var words = item.Split([' ', '\t'], StringSplitOptions.RemoveEmptyEntries);
            var weight = 1;
            if (Kinds.ReadHostAndPort(words[0]) is not var (host, port))
            {
                refuse($"{Name(words[0])} is not host:port with a port of 1 to 65535{(IsBareV6(words[0]) ? "; an IPv6 address stands in brackets: [::1]:5001" : "")}");
            }
            else if (words.Length > 2)
            {
                refuse($"{Name(item)} has more than host:port and a weight");
            }
            else if (words.Length == 2
                && !(int.TryParse(words[1], NumberStyles.None, CultureInfo.InvariantCulture, out weight) && weight is >= 1 and <= HeaviestWeight))
            {
                refuse($"{Name(item)} has a weight that is not 1 to {HeaviestWeight}");
            }
            else
            {
                var member = new ClusterMember(host, port, weight);
                if (seen.TryAdd(member.Authority, number))
                {
                    members.Add(member);
                }
                else
                {
                    refuse($"member {number} is member {seen[member.Authority]} again; a weight gives it more");
                }
            }
        }

        return members;

        string Name(string wrong) => mayQuote ? $"member {number}, {ErrorList.Quote(wrong)}," : $"member {number}";
    }

    /// <summary>Checks <c>host:port/db/user/password</c>, separated by commas.</summary>
    /// <param name="text">After substitution.</param>
    /// <param name="refuse">Takes what is wrong.</param>
    public static void CheckPostgresql(string text, Action<string> refuse)
    {
        var number = 0;
        foreach (var item in Kinds.Split(text))
        {
            number++;
            if (item.Split('/') is not [var place, _, _, _] || !Kinds.IsHostAndPort(place))
            {
                refuse($"member {number} is not host:port/db/user/password");
            }
        }
    }

    /// <summary>Whether it may be <c>host:port/db/user/password</c>, or a URL with a password before the host.</summary>
    private static bool MayHoldPassword(string item) =>
        item.Contains('@', StringComparison.Ordinal) || item[LengthOfScheme(item)..].TrimEnd('/').Contains('/', StringComparison.Ordinal);

    private static int LengthOfScheme(string item) =>
        item.StartsWith("http://", StringComparison.OrdinalIgnoreCase) ? 7 : item.StartsWith("https://", StringComparison.OrdinalIgnoreCase) ? 8 : 0;

    private static bool IsBareV6(string text) => text.Count(c => c == ':') > 1 && text[0] != '[' && IPAddress.TryParse(text, out _);
}
