namespace Skitai.Configuration.Keys;

/// <summary>
/// What the conf can ask for already but this version cannot do yet. A key that asks for it is refused, never
/// ignored. When a feature arrives its line here goes, and the compiler shows every place that refused it.
/// </summary>
/// <param name="Refusal">The end of the error message.</param>
internal sealed record Feature(string Refusal)
{
    public static readonly Feature Databases = new("databases are not available in this version yet");
    public static readonly Feature ResultCache = new("the result cache is not available in this version yet");
    public static readonly Feature Gateway = new("the API gateway is not available in this version yet");
    public static readonly Feature Mail = new("mail delivery is not available in this version yet");
    public static readonly Feature Cron = new("the job scheduler is not available in this version yet");
}
