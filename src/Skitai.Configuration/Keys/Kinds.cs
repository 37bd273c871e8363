using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using Skitai.Configuration.Grammar;

namespace Skitai.Configuration.Keys;

/// <summary>The types of value a conf knows.</summary>
internal static partial class Kinds
{
    private static readonly string[] Yes = ["yes", "true", "on", "1"];
    private static readonly string[] No = ["no", "false", "off", "0"];

    /// <summary>Any text.</summary>
    public static ValueKind<string?> Text { get; } = new("text", (text, _) => Reading<string?>.Of(text.Text), value => value ?? "");

    /// <summary>A name that can be a host's and a file's.</summary>
    public static ValueKind<string?> ServerName { get; } = new(
        "name",
        (text, _) => text.Text.All(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '-' or '_') && text.Text is not ("." or "..")
            ? Reading<string?>.Of(text.Text)
            : Reading<string?>.Wrong($"{text.Shown} is not a name of letters, digits, '.', '-' and '_'"),
        value => value ?? "");

    /// <summary><c>yes</c> or <c>no</c>, and their usual synonyms.</summary>
    public static ValueKind<bool> YesNo { get; } = new(
        "yes or no",
        (text, _) => Yes.Contains(text.Text, StringComparer.OrdinalIgnoreCase) ? Reading<bool>.Of(true)
            : No.Contains(text.Text, StringComparer.OrdinalIgnoreCase) ? Reading<bool>.Of(false)
            : Reading<bool>.Wrong($"{text.Shown} is not yes or no"),
        value => value ? "yes" : "no");

    /// <summary>A TCP port.</summary>
    public static ValueKind<int> Port { get; } = Whole("port", "a port", 1, 65535);

    /// <summary>An IP address, v4 or v6.</summary>
    public static ValueKind<IPAddress> Address { get; } = new("IP address", ReadAddress, value => value.ToString());

    /// <summary>Networks in CIDR notation or single addresses, separated by commas or blanks.</summary>
    public static ValueKind<IReadOnlyList<IPNetwork>> Networks { get; } = new("networks", ReadNetworks, value => string.Join(", ", value));

    /// <summary>A whole number in a range.</summary>
    /// <param name="least">The smallest allowed.</param>
    /// <param name="most">The largest allowed.</param>
    /// <param name="zero">What zero, one of the range, means; null = it has no meaning of its own.</param>
    public static ValueKind<int> Integer(int least, int most, string? zero = null) => Whole("number", "a number", least, most, zero);

    private static ValueKind<int> Whole(string name, string withArticle, int least, int most, string? zero = null)
    {
        var range = most == int.MaxValue ? $"({least} or more)" : $"({least} to {most})";
        return new ValueKind<int>(
            $"{name} {range}",
            (text, _) => int.TryParse(text.Text, NumberStyles.AllowLeadingSign, CultureInfo.InvariantCulture, out var value) && value >= least && value <= most
                ? Reading<int>.Of(value)
                : Reading<int>.Wrong($"{text.Shown} is not {withArticle} {range}"),
            value => value.ToString(CultureInfo.InvariantCulture))
        { ZeroMeans = zero, ZeroNote = Note(zero, inRange: true) };
    }

    private static Reading<IPAddress> ReadAddress(ConfText text, ReadContext context) =>
        ParseAddress(text.Text) is { } address
            ? Reading<IPAddress>.Of(address)
            : Reading<IPAddress>.Wrong($"{text.Shown} is not an IP address (127.0.0.1 this machine only, 0.0.0.0 every IPv4 address, :: every address)");

    /// <summary>Reads an address strictly: <c>127.1</c> and <c>1</c> are addresses to the C library, not to a person.</summary>
    public static IPAddress? ParseAddress(string text) =>
        IPAddress.TryParse(text, out var address) && !text.StartsWith('[')
        && (text.Contains(':', StringComparison.Ordinal) || DottedQuad().IsMatch(text))
            ? address
            : null;

    private static Reading<IReadOnlyList<IPNetwork>> ReadNetworks(ConfText text, ReadContext context)
    {
        var networks = new List<IPNetwork>();
        var problems = new List<string>();
        foreach (var item in text.Text.Split([',', ' ', '\t'], StringSplitOptions.RemoveEmptyEntries))
        {
            var slash = item.IndexOf('/', StringComparison.Ordinal);
            var address = ParseAddress(slash < 0 ? item : item[..slash]);
            if (address is null)
            {
                problems.Add($"{Part(text, item)} is not an address or network such as 10.0.0.0/8");
                continue;
            }

            var widest = address.GetAddressBytes().Length * 8;
            var bits = widest;
            if (slash >= 0 && (!int.TryParse(item.AsSpan(slash + 1), NumberStyles.None, CultureInfo.InvariantCulture, out bits) || bits > widest))
            {
                problems.Add($"{Part(text, item)} has no prefix length of 0 to {widest} after the /");
                continue;
            }

            var network = new IPNetwork(Masked(address, bits), bits);
            if (network.BaseAddress.Equals(address))
            {
                networks.Add(network);
            }
            else
            {
                problems.Add($"{Part(text, item)} has bits set beyond its prefix length; only the network's own bits may be{(text.Written == text.Text ? $", as in {network}" : "")}");
            }
        }

        return problems.Count == 0
            ? Reading<IReadOnlyList<IPNetwork>>.Of(networks)
            : Reading<IReadOnlyList<IPNetwork>>.Wrong(string.Join("; ", problems.Distinct(StringComparer.Ordinal)));
    }

    private static IPAddress Masked(IPAddress address, int bits)
    {
        var bytes = address.GetAddressBytes();
        for (var bit = bits; bit < bytes.Length * 8; bit++)
        {
            bytes[bit / 8] &= (byte)~(0x80 >> (bit % 8));
        }

        return new IPAddress(bytes);
    }

    /// <summary>One item of a list in a message: itself, unless that could show what a variable holds.</summary>
    private static string Part(ConfText text, string item) =>
        text.Written == text.Text && !text.Secret ? ErrorList.Quote(item) : text.Shown;

    [GeneratedRegex(@"\A[0-9]{1,3}(\.[0-9]{1,3}){3}\z", RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex DottedQuad();
}
