using System.Globalization;
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
    public static bool IsHostAndPort(string text)
    {
        var colon = text.LastIndexOf(':');
        if (colon < 1 || !int.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port) || port is < 1 or > 65535)
        {
            return false;
        }

        var host = text[..colon];
        return host is ['[', .., ']'] ? ParseAddress(host[1..^1]) is not null : HostName().IsMatch(host);
    }

    [GeneratedRegex(@"\A[0-9]{1,9}/[smhd]([ \t]+burst[ \t]+[0-9]{1,9})?\z", RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex RateForm();

    [GeneratedRegex(@"\A[A-Za-z0-9_]([A-Za-z0-9_.-]{0,252})\z", RegexOptions.ExplicitCapture | RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex HostName();
}
