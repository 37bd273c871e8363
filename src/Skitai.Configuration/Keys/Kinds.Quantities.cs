using System.Globalization;

namespace Skitai.Configuration.Keys;

/// <summary>Numbers with a unit.</summary>
internal static partial class Kinds
{
    // Longest suffix first: "ms" ends in "s", too.
    private static readonly (string Suffix, decimal Worth)[] Seconds =
        [("ms", 0.001m), ("s", 1), ("m", 60), ("h", 3600), ("d", 86400), ("", 1)];

    private static readonly (string Suffix, decimal Worth)[] Bytes =
        [("K", 1 << 10), ("M", 1 << 20), ("G", 1 << 30), ("", 1)];

    private static readonly (string Suffix, decimal Worth)[] Megabytes =
        [("K", 1 << 10), ("M", 1 << 20), ("G", 1 << 30), ("", 1 << 20)];

    /// <summary>A time span: a plain number is seconds, else <c>500ms 10s 5m 2h 1d</c>.</summary>
    /// <param name="least">The shortest allowed.</param>
    /// <param name="most">The longest allowed.</param>
    /// <param name="zero">What zero means, which is allowed besides the range then; null = it has no meaning of its own.</param>
    public static ValueKind<TimeSpan> Duration(TimeSpan least, TimeSpan most, string? zero = null)
    {
        var range = $"({WriteDuration(least)} to {WriteDuration(most)}{Or(zero, least == TimeSpan.Zero)})";
        return new ValueKind<TimeSpan>(
            $"duration {range}",
            (text, _) => Quantity(text.Text, Seconds) is not { } seconds
                ? Reading<TimeSpan>.Wrong($"{text.Shown} is not a duration such as 10 (seconds), 500ms, 10s, 5m, 2h, 1d")
                : (zero is not null && seconds == 0) || (seconds >= (decimal)least.TotalSeconds && seconds <= (decimal)most.TotalSeconds)
                    ? Reading<TimeSpan>.Of(TimeSpan.FromTicks((long)(seconds * TimeSpan.TicksPerSecond)))
                    : Reading<TimeSpan>.Wrong($"{text.Shown} is out of range {range}"),
            WriteDuration)
        { ZeroMeans = zero, ZeroNote = Note(zero, least == TimeSpan.Zero) };
    }

    /// <summary>A number of bytes: a plain number is bytes, else <c>512K 10M 1G</c>.</summary>
    public static ValueKind<long> Size(long least, long most, string? zero = null) => SizeIn(Bytes, "10M (megabytes), 512K, 1G, or a number of bytes", least, most, zero);

    /// <summary>A number of bytes where a plain number is megabytes, as the caches have it: <c>8</c> is <c>8M</c>.</summary>
    public static ValueKind<long> SizeInMegabytes(long least, long most, string? zero = null) =>
        SizeIn(Megabytes, "8 (megabytes), 512K, 1G", least, most, zero);

    private static ValueKind<long> SizeIn((string, decimal)[] units, string example, long least, long most, string? zero)
    {
        var range = $"({WriteSize(least)} to {WriteSize(most)}{Or(zero, least == 0)})";
        return new ValueKind<long>(
            $"size {range}",
            (text, _) => Quantity(text.Text, units) is not { } bytes
                ? Reading<long>.Wrong($"{text.Shown} is not a size such as {example}")
                : (zero is not null && bytes == 0) || (bytes >= least && bytes <= most)
                    ? Reading<long>.Of((long)bytes)
                    : Reading<long>.Wrong($"{text.Shown} is out of range {range}"),
            WriteSize)
        { ZeroMeans = zero, ZeroNote = Note(zero, least == 0) };
    }

    private static string Or(string? zero, bool inRange) => zero is null || inRange ? "" : $", 0 = {zero}";

    private static string Note(string? zero, bool inRange) => zero is null || !inRange ? "" : $" 0 = {zero}.";

    /// <summary>Reads a number with one of the units; null when it is none. Big ones are cut off, not overflowing.</summary>
    private static decimal? Quantity(string text, (string Suffix, decimal Worth)[] units)
    {
        foreach (var (suffix, worth) in units)
        {
            if (text.EndsWith(suffix, StringComparison.OrdinalIgnoreCase))
            {
                var number = text.AsSpan(0, text.Length - suffix.Length).TrimEnd();
                return decimal.TryParse(number, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value)
                    ? Math.Min(value, 1_000_000_000_000_000m) * worth
                    : null;
            }
        }

        return null;
    }

    private static string WriteDuration(TimeSpan span) => span switch
    {
        { Ticks: 0 } => "0",
        { TotalSeconds: < 1 } => $"{span.TotalMilliseconds}ms",
        _ when span.Ticks % TimeSpan.TicksPerDay == 0 => $"{span.TotalDays}d",
        _ when span.Ticks % TimeSpan.TicksPerHour == 0 => $"{span.TotalHours}h",
        _ => $"{span.TotalSeconds}s",
    };

    private static string WriteSize(long bytes) => bytes switch
    {
        0 => "0",
        _ when bytes % (1 << 30) == 0 => $"{bytes >> 30}G",
        _ when bytes % (1 << 20) == 0 => $"{bytes >> 20}M",
        _ when bytes % (1 << 10) == 0 => $"{bytes >> 10}K",
        _ => bytes.ToString(CultureInfo.InvariantCulture),
    };
}
