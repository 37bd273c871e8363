namespace Skitai.Configuration.Grammar;

/// <summary>What people bring along from other languages and what makes a value wrong here.</summary>
internal static class ValueHint
{
    /// <summary>Words to go on with after the message about a wrong value; nothing when it does not look like any of that.</summary>
    /// <param name="written">The value as written.</param>
    public static string Of(string written)
    {
        if (written is ['"', .., '"'] or ['\'', .., '\''])
        {
            return "; quotes count as a part of the value: leave them out";
        }

        return written.Contains(" ;", StringComparison.Ordinal) || written.Contains(" #", StringComparison.Ordinal)
            ? "; a comment needs a line of its own"
            : "";
    }
}
