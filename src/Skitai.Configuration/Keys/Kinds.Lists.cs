using System.Globalization;
using System.Net.Sockets;
using System.Text.RegularExpressions;
using Skitai.Configuration.Grammar;

namespace Skitai.Configuration.Keys;

/// <summary>Choices, lists and the places of other servers.</summary>
internal static partial class Kinds
{
    private static readonly string[] TokenAlgorithms =
        ["HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"];

    /// <summary>Words separated by commas.</summary>
    public static ValueKind<IReadOnlyList<string>> Words { get; } = new(
        "list", (text, _) => Reading<IReadOnlyList<string>>.Of(Split(text.Text)), value => string.Join(", ", value));

    /// <summary>Signature algorithms of tokens (RFC 7518); <c>none</c> is not one.</summary>
    public static ValueKind<IReadOnlyList<string>> Algorithms { get; } = new(
        "list",
        (text, _) => Split(text.Text).FirstOrDefault(name => !TokenAlgorithms.Contains(name, StringComparer.Ordinal)) is { } wrong
            ? Reading<IReadOnlyList<string>>.Wrong($"{Part(text, wrong)} is not one of {string.Join(", ", TokenAlgorithms)}")
            : Reading<IReadOnlyList<string>>.Of(Split(text.Text)),
        value => string.Join(", ", value));

    /// <summary>How often something may happen: <c>100/s</c>, <c>100/s burst 200</c>.</summary>
    public static ValueKind<string?> Rate { get; } = new(
        "rate such as 100/s burst 200",
        (text, _) => RateForm().IsMatch(text.Text)
            ? Reading<string?>.Of(text.Text)
            : Reading<string?>.Wrong($"{text.Shown} is not a rate such as 100/s, 1000/m or 100/s burst 200"),
        value => value ?? "");

    /// <summary>The <c>host:port</c> of another server.</summary>
    public static ValueKind<string?> HostAndPort { get; } = new(
        "host:port",
        (text, _) => IsHostAndPort(text.Text)
            ? Reading<string?>.Of(text.Text)
            : Reading<string?>.Wrong($"{text.Shown} is not host:port with a port of 1 to 65535"),
        value => value ?? "");

    /// <summary>The name of a host.</summary>
    public static ValueKind<string?> Host { get; } = new(
        "host name",
        (text, _) => IsHost(text.Text)
            ? Reading<string?>.Of(text.Text.ToLowerInvariant())
            : Reading<string?>.Wrong($"{text.Shown} is not a host name; write it without scheme, port and path"),
        value => value ?? "");

    /// <summary>What a request asks for at another server: a path and perhaps a query.</summary>
    public static ValueKind<string?> RequestPath { get; } = new(
        "path, perhaps with a query",
        (text, _) => text.Text[0] == '/' && text.Text.All(c => c is > ' ' and < (char)127 and not '#')
            ? Reading<string?>.Of(text.Text)
            : Reading<string?>.Wrong($"{text.Shown} is not a path such as /health; it begins with a /, and blanks, # and other than plain ASCII have no place in it"),
        value => value ?? "");

    /// <summary>One of a few words.</summary>
    public static ValueKind<string> OneOf(params string[] words) => new(
        string.Join(", ", words[..^1]) + " or " + words[^1],
        (text, _) => words.Contains(text.Text, StringComparer.Ordinal)
            ? Reading<string>.Of(text.Text)
            : Reading<string>.Wrong($"{text.Shown} is not one of {string.Join(", ", words)}{Nearest.Hint(text.Secret ? "" : text.Written, words)}"),
        value => value);

    /// <summary>The items of a list, without blanks around them and without empty ones.</summary>
    public static IReadOnlyList<string> Split(string text) =>
        text.Split(',', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);

    /// <summary>Whether a text is a host name or address, a colon and a port.</summary>
    public static bool IsHostAndPort(string text) => ReadHostAndPort(text) is not null;

    /// <summary>
    /// Takes <c>host:port</c> apart; null when it is none. The host is in lower case, an IPv6 address in its one usual
    /// form and without brackets.
    /// </summary>
    public static (string Host, int Port)? ReadHostAndPort(string text)
    {
        var colon = text.LastIndexOf(':');
        if (colon < 1 || !int.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port) || port is < 1 or > 65535)
        {
            return null;
        }

        var host = text[..colon];
        if (host is ['[', .., ']'])
        {
            return !host.Contains('%', StringComparison.Ordinal) && ParseAddress(host[1..^1]) is { AddressFamily: AddressFamily.InterNetworkV6 } address
                ? (address.ToString(), port)
                : null;
        }

        return IsHost(host) ? (host.ToLowerInvariant(), port) : null;
    }

    /// <summary>A host's name or IPv4 address. What ends in a number is an address, or nothing: nobody's name is 127.1.</summary>
    private static bool IsHost(string text) =>
        HostName().IsMatch(text)
        && (!text[(text.LastIndexOf('.') + 1)..].All(char.IsAsciiDigit) || text[^1] == '.' || ParseAddress(text) is not null);

    [GeneratedRegex(@"\A[0-9]{1,9}/[smhd]([ \t]+burst[ \t]+[0-9]{1,9})?\z", RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex RateForm();

    [GeneratedRegex(@"\A[A-Za-z0-9_]([A-Za-z0-9_.-]{0,252})\z", RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex HostName();
}
