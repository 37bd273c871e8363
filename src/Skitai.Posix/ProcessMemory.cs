using System.Globalization;

namespace Skitai.Posix;

/// <summary>What processes take, from /proc. 0 = it is gone or may not be asked.</summary>
public static class ProcessMemory
{
    private const int MostProcesses = 4096;

    /// <summary>Resident bytes, shared pages counted in full. Cheap.</summary>
    public static long Resident(int pid) => Field($"/proc/{pid}/status", "VmRSS:") ?? 0;

    /// <summary>
    /// Resident bytes, a page shared by many divided among them (PSS), so that the figures of several processes add up;
    /// the resident set where that may not be read.
    /// </summary>
    public static long Proportional(int pid) => Field($"/proc/{pid}/smaps_rollup", "Pss:") ?? Resident(pid);

    /// <summary>Proportional bytes of a process and all of its descendants.</summary>
    public static long ProportionalOfTree(int pid)
    {
        long bytes = 0;
        var open = new Queue<int>([pid]);
        for (var seen = 0; seen < MostProcesses && open.TryDequeue(out var next); seen++)
        {
            bytes += Proportional(next);
            AddChildren(next, open);
        }

        return bytes;
    }

    private static void AddChildren(int pid, Queue<int> open)
    {
        try
        {
            foreach (var task in Directory.EnumerateDirectories($"/proc/{pid}/task"))
            {
                foreach (var child in File.ReadAllText(Path.Combine(task, "children")).Split(' ', StringSplitOptions.RemoveEmptyEntries))
                {
                    open.Enqueue(int.Parse(child, CultureInfo.InvariantCulture));
                }
            }
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // It ended while we looked.
        }
    }

    private static long? Field(string path, string name)
    {
        try
        {
            foreach (var line in File.ReadLines(path))
            {
                if (line.StartsWith(name, StringComparison.Ordinal))
                {
                    var number = line.AsSpan(name.Length).Trim();
                    return long.Parse(number[..number.IndexOf(' ')], CultureInfo.InvariantCulture) * 1024;
                }
            }
        }
        catch (Exception failure) when (failure is IOException or UnauthorizedAccessException)
        {
            // Gone, or another user's.
        }

        return null;
    }
}
