namespace Skitai.Engine.Logging;

/// <summary>When a log is rotated and how many old ones are kept.</summary>
/// <param name="MaxSize">Bytes at which a log is rotated.</param>
/// <param name="Kept">Old logs kept, <c>.1</c> being the youngest.</param>
/// <param name="Time">The clock, for its zone.</param>
public sealed record LogRotation(long MaxSize, int Kept, TimeProvider Time)
{
    /// <summary>100 MB or a day, seven old ones.</summary>
    public static LogRotation Default(TimeProvider time) => new(100L * 1024 * 1024, 7, time);

    /// <summary>Today, local.</summary>
    public DateOnly Today => DateOnly.FromDateTime(Time.GetLocalNow().DateTime);

    /// <summary>The local day of an instant.</summary>
    public DateOnly DayOf(long unixNanoseconds)
    {
        var instant = DateTimeOffset.UnixEpoch.AddTicks(unixNanoseconds / 100);
        return DateOnly.FromDateTime(TimeZoneInfo.ConvertTime(instant, Time.LocalTimeZone).DateTime);
    }

    /// <summary>Moves each log one number up; the oldest is overwritten.</summary>
    /// <returns>Why it did not work; null = done.</returns>
    public string? Shift(string path)
    {
        try
        {
            for (var number = Kept; number > 1; number--)
            {
                var younger = $"{path}.{number - 1}";
                if (File.Exists(younger))
                {
                    File.Move(younger, $"{path}.{number}", overwrite: true);
                }
            }

            File.Move(path, path + ".1", overwrite: true);
            return null;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return exception.Message;
        }
    }
}
