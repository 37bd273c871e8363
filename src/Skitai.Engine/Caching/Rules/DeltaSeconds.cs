namespace Skitai.Engine.Caching.Rules;

/// <summary>Reads a number of seconds (RFC 9111 section 1.2.2).</summary>
internal static class DeltaSeconds
{
    /// <summary>What stands for every larger number, as RFC 9111 has it: 68 years.</summary>
    public const long Most = int.MaxValue;

    /// <summary>Digits and nothing else.</summary>
    /// <returns>False when it is anything else.</returns>
    public static bool TryParse(ReadOnlySpan<char> text, out long seconds)
    {
        seconds = 0;
        foreach (var digit in text)
        {
            if (!char.IsAsciiDigit(digit))
            {
                return false;
            }

            seconds = Math.Min((seconds * 10) + (digit - '0'), Most);
        }

        return !text.IsEmpty;
    }
}
