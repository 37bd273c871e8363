using System.Globalization;

namespace Skitai.Engine.Apps;

/// <summary>What /proc says about a process's memory; 0 when it is gone or may not be asked.</summary>
internal static class ProcessMemory
{
    /// <summary>Resident bytes.</summary>
    public static long Resident(int pid)
    {
        try
        {
            var fields = File.ReadAllText($"/proc/{pid}/statm").Split(' ');
            return long.Parse(fields[1], CultureInfo.InvariantCulture) * Environment.SystemPageSize;
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or FormatException or IndexOutOfRangeException)
        {
            return 0;
        }
    }

    /// <summary>Resident bytes, shared ones divided among those who share them.</summary>
    public static long Proportional(int pid)
    {
        try
        {
            foreach (var line in File.ReadLines($"/proc/{pid}/smaps_rollup"))
            {
                if (line.StartsWith("Pss:", StringComparison.Ordinal))
                {
                    return long.Parse(line.AsSpan(4, line.Length - 4 - 2).Trim(), CultureInfo.InvariantCulture) * 1024;
                }
            }
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException or FormatException)
        {
            // Not known.
        }

        return 0;
    }
}
