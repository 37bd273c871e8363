namespace Skitai.Engine.Caching.Rules;

/// <summary>
/// Reads a date of HTTP in its three forms (RFC 9110 section 5.6.7), letters in any case. Strictly otherwise: what is nearly
/// a date may mean another time than one takes it for. The day's name is not held against the day.
/// </summary>
internal static class HttpDate
{
    private const string Months = "janfebmaraprmayjunjulaugsepoctnovdec";
    private const string ShortDays = "montuewedthufrisatsun";

    private static readonly string[] s_longDays = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

    /// <summary>Reads a date.</summary>
    /// <param name="text">The field's value.</param>
    /// <param name="now">Decides the century of a year with two digits: one more than 50 years ahead is past.</param>
    /// <param name="date">The date.</param>
    public static bool TryParse(ReadOnlySpan<char> text, DateTimeOffset now, out DateTimeOffset date)
    {
        date = default;
        text = text.Trim(" \t");
        if (text.Length is < 24 or > 40)
        {
            return false;
        }

        Span<char> buffer = stackalloc char[40];
        ReadOnlySpan<char> lower = buffer[..text.ToLowerInvariant(buffer)];
        var comma = lower.IndexOf(',');
        return comma switch
        {
            3 => IsDay(lower[..3]) && TryFixed(lower[4..], out date),
            > 3 => IsLongDay(lower[..comma]) && TryRfc850(lower[(comma + 1)..], now, out date),
            < 0 => IsDay(lower[..3]) && TryAsctime(lower[3..], out date),
            _ => false,
        };
    }

    /// <summary><c> 06 Nov 1994 08:49:37 GMT</c>.</summary>
    private static bool TryFixed(ReadOnlySpan<char> rest, out DateTimeOffset date)
    {
        date = default;
        return rest.Length == 25 && rest[0] == ' ' && rest[3] == ' ' && rest[7] == ' ' && rest[12] == ' ' && rest[21..] is " gmt"
            && TryNumber(rest[1..3], out var day) && TryMonth(rest[4..7], out var month) && TryNumber(rest[8..12], out var year)
            && TryMake(year, month, day, rest[13..21], out date);
    }

    /// <summary><c> 06-Nov-94 08:49:37 GMT</c>.</summary>
    private static bool TryRfc850(ReadOnlySpan<char> rest, DateTimeOffset now, out DateTimeOffset date)
    {
        date = default;
        if (rest.Length != 23 || rest[0] != ' ' || rest[3] != '-' || rest[7] != '-' || rest[10] != ' ' || rest[19..] is not " gmt"
            || !TryNumber(rest[1..3], out var day) || !TryMonth(rest[4..7], out var month) || !TryNumber(rest[8..10], out var year))
        {
            return false;
        }

        year += now.Year / 100 * 100;
        year = year > now.Year + 50 ? year - 100 : year;
        return TryMake(year, month, day, rest[11..19], out date);
    }

    /// <summary><c> Nov  6 08:49:37 1994</c>.</summary>
    private static bool TryAsctime(ReadOnlySpan<char> rest, out DateTimeOffset date)
    {
        date = default;
        return rest.Length == 21 && rest[0] == ' ' && rest[4] == ' ' && rest[7] == ' ' && rest[16] == ' '
            && TryMonth(rest[1..4], out var month) && TryNumber(rest[5] == ' ' ? rest[6..7] : rest[5..7], out var day)
            && TryNumber(rest[17..21], out var year) && TryMake(year, month, day, rest[8..16], out date);
    }

    private static bool TryMake(int year, int month, int day, ReadOnlySpan<char> time, out DateTimeOffset date)
    {
        date = default;
        if (time[2] != ':' || time[5] != ':'
            || !TryNumber(time[..2], out var hour) || !TryNumber(time[3..5], out var minute) || !TryNumber(time[6..8], out var second)
            || year is < 1 or > 9999 || day < 1 || day > DateTime.DaysInMonth(year, month) || hour > 23 || minute > 59 || second > 60)
        {
            return false;
        }

        // A leap second is the second before it: .NET has none.
        date = new DateTimeOffset(year, month, day, hour, minute, Math.Min(second, 59), TimeSpan.Zero);
        return true;
    }

    private static bool TryMonth(ReadOnlySpan<char> name, out int month)
    {
        var at = Months.AsSpan().IndexOf(name, StringComparison.Ordinal);
        month = (at / 3) + 1;
        return at >= 0 && at % 3 == 0;
    }

    private static bool IsDay(ReadOnlySpan<char> name)
    {
        for (var at = 0; at < ShortDays.Length; at += 3)
        {
            if (name.SequenceEqual(ShortDays.AsSpan(at, 3)))
            {
                return true;
            }
        }

        return false;
    }

    private static bool IsLongDay(ReadOnlySpan<char> name)
    {
        foreach (var day in s_longDays)
        {
            if (name.SequenceEqual(day))
            {
                return true;
            }
        }

        return false;
    }

    private static bool TryNumber(ReadOnlySpan<char> digits, out int number)
    {
        number = 0;
        foreach (var digit in digits)
        {
            if (!char.IsAsciiDigit(digit))
            {
                return false;
            }

            number = (number * 10) + (digit - '0');
        }

        return true;
    }
}
